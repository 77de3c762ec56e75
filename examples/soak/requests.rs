//! Requests as bytes with their five-byte prefix: real documents, heavy ones, and text that must never be logged.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use policy_echo::service::proto;
use prost::Message;

use crate::Error;
use crate::client::{Call, Client};

pub(crate) const COMPARE: &str = "/policyecho.v1.ComparisonService/Compare";
pub(crate) const DIFF_WORDS: &str = "/policyecho.v1.ComparisonService/DiffWords";
pub(crate) const COMPARE_STREAM: &str = "/policyecho.v1.ComparisonService/CompareStream";
pub(crate) const GET_INFO: &str = "/policyecho.v1.InfoService/GetInfo";
pub(crate) const HEALTH: &str = "/grpc.health.v1.Health/Check";

/// Stands in the id and the text of every document that is sent; must be found nowhere else.
pub(crate) const CANARY: &str = "canary-5d1c9a7e";

/// One message with its prefix.
pub(crate) fn frame(message: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0];
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend(message);
    bytes
}

fn document(text: &str) -> Option<proto::Document> {
    let body = Some(proto::document::Body::Text(text.to_owned()));
    Some(proto::Document { id: CANARY.to_owned(), body, ..Default::default() })
}

pub(crate) fn pair(left: &str, right: &str) -> proto::CompareRequest {
    proto::CompareRequest { left: document(left), right: document(right), ..Default::default() }
}

pub(crate) fn call(path: &'static str, message: &impl Message) -> Call {
    Call { path, body: Bytes::from(frame(&message.encode_to_vec())), ..Call::default() }
}

/// A directive and a resolution as they were published, with the canary at their end.
pub(crate) fn real_pair() -> Result<proto::CompareRequest, Error> {
    let read = |name: &str| -> Result<String, Error> {
        let path = Path::new("examples").join(name);
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(format!("{text}\n{CANARY}\n"))
    };
    Ok(pair(&read("guangdong-2019-07-26-plenum.txt")?, &read("guangzhou-2022-09-22-resolution.txt")?))
}

pub(crate) fn small_pair() -> proto::CompareRequest {
    let left = "省委常委会主持会议。\n坚定不移举全省之力强力推进粤港澳大湾区建设。\n";
    let right = "全会由市委常委会主持。\n坚定不移举全市之力推动粤港澳大湾区建设向纵深发展。\n";
    pair(&format!("{left}{CANARY}"), &format!("{right}{CANARY}"))
}

/// Sentences over 400 characters, different for each seed.
pub(crate) fn heavy_text(seed: u64, bytes: usize) -> String {
    let mut state = seed;
    let mut text = String::with_capacity(bytes + 4);
    while text.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let draw = (state >> 33) as u32;
        text.push(match draw % 31 {
            0 => '。',
            1 => '，',
            2 if draw.is_multiple_of(11) => '\n',
            _ => char::from_u32(0x4E00 + draw % 400).unwrap_or('一'),
        });
    }
    text
}

pub(crate) fn health() -> Call {
    Call { path: HEALTH, body: Bytes::from(frame(&[])), ..Call::default() }
}

/// Waits until the server answers a comparison.
pub(crate) async fn until_ready(client: &Client) -> Result<(), Error> {
    let call = call(COMPARE, &small_pair());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(30) {
        if client.call(&call, Instant::now()).await.code == 0 {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Err("the server is not ready after 30 s".into())
}
