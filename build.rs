//! Compiles the contract in `proto/` to Rust: messages, client, server, canonical JSON, and descriptors for reflection.
//!
//! Messages that hold text get a `Debug` of ours, which prints how long a text is instead of what it says: documents are
//! confidential, and `{:?}` finds its way into logs and panics.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new("proto");
    println!("cargo:rerun-if-changed={}", root.display());
    let mut files = fs::read_dir(root.join("policyecho/v1"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<PathBuf>, _>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "proto"));
    files.sort();

    let descriptors = protox::compile(&files, [root])?;
    let encoded = descriptors.encode_to_vec();
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("policyecho.bin"), &encoded)?;
    let redacted = Redacted::of(&descriptors);
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("redacted_debug.rs"), &redacted.code)?;
    let mut prost = tonic_prost_build::Config::new();
    prost.enable_type_names().skip_debug(&redacted.messages);
    tonic_prost_build::configure()
        .codec_path(CODEC)
        .build_server(false)
        .compile_fds_with_config(descriptors.clone(), prost)?;
    compile_servers(descriptors)?;
    pbjson_build::Builder::new().register_descriptors(&encoded)?.build(&[".policyecho"])?;
    Ok(())
}

/// The codec of clients and servers.
const CODEC: &str = "crate::service::codec::CheckedCodec";
/// Where all messages are.
const MESSAGES: &str = "crate::service::proto";
/// Answers of single calls: those that a thread of the pool makes.
const ENCODED_ANSWERS: [&str; 4] =
    ["CompareResponse", "AlignParagraphsResponse", "DiffWordsResponse", "FindSharedPhrasesResponse"];

/// Servers, apart from messages and clients, because they answer single calls with messages that are encoded already.
fn compile_servers(descriptors: FileDescriptorSet) -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var("OUT_DIR")?).join("servers");
    fs::create_dir_all(&folder)?;
    let mut servers = tonic_prost_build::configure()
        .codec_path(CODEC)
        .build_client(false)
        .extern_path(".policyecho.v1", MESSAGES)
        .out_dir(folder);
    for answer in ENCODED_ANSWERS {
        let encoded = format!("crate::service::codec::Encoded<{MESSAGES}::{answer}>");
        servers = servers.extern_path(format!(".policyecho.v1.{answer}"), encoded);
    }
    servers.compile_fds_with_config(descriptors, tonic_prost_build::Config::new())?;
    Ok(())
}

/// Messages that hold text, and their `Debug`.
#[derive(Default)]
struct Redacted {
    messages: Vec<String>,
    code: String,
}

impl Redacted {
    fn of(descriptors: &FileDescriptorSet) -> Self {
        let mut redacted = Self::default();
        for file in &descriptors.file {
            for message in &file.message_type {
                if message.field.iter().any(is_text) {
                    redacted.messages.push(format!(".{}.{}", file.package(), message.name()));
                    redacted.code += &debug_of_message(message);
                }
            }
        }
        redacted
    }
}

fn is_text(field: &FieldDescriptorProto) -> bool {
    matches!(field.r#type(), Type::String | Type::Bytes)
}

/// `impl Debug` for a message and its oneofs.
fn debug_of_message(message: &DescriptorProto) -> String {
    let name = message.name();
    let real_oneof = |field: &FieldDescriptorProto| if field.proto3_optional() { None } else { field.oneof_index };
    let mut fields = String::new();
    for field in message.field.iter().filter(|field| real_oneof(field).is_none()) {
        let rust = format!("self.r#{}", field.name());
        let shown = match (is_text(field), field.label() == Label::Repeated, field.proto3_optional()) {
            (false, _, _) => format!("&{rust}"),
            (true, true, _) => format!("&format_args!(\"<{{}} texts>\", {rust}.len())"),
            (true, false, true) => format!("&{rust}.as_ref().map(|text| text.len())"),
            (true, false, false) => format!("&format_args!(\"<{{}} bytes>\", {rust}.len())"),
        };
        fields += &format!(".field(\"{}\", {shown})", field.name());
    }
    let mut code = String::new();
    for (index, oneof) in message.oneof_decl.iter().enumerate() {
        let variants: Vec<_> = message.field.iter().filter(|field| real_oneof(field) == Some(index as i32)).collect();
        if variants.is_empty() {
            continue;
        }
        fields += &format!(".field(\"{0}\", &self.r#{0})", oneof.name());
        let mut arms = String::new();
        for variant in variants {
            let shown = if is_text(variant) { "write!(f, \"<{} bytes>\", it.len())" } else { "it.fmt(f)" };
            arms += &format!("Self::{}(it) => {shown},", upper_camel(variant.name()));
        }
        let path = format!("{}::{}", snake(name), upper_camel(oneof.name()));
        code += &debug_of(&path, &format!("match self {{ {arms} }}"));
    }
    code + &debug_of(name, &format!("f.debug_struct(\"{name}\"){fields}.finish()"))
}

fn debug_of(path: &str, body: &str) -> String {
    format!(
        "impl ::core::fmt::Debug for {path} {{ \
         fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {{ {body} }} }}\n"
    )
}

fn upper_camel(snake: &str) -> String {
    let words = snake.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    words.collect()
}

fn snake(upper_camel: &str) -> String {
    let mut snake = String::new();
    for (index, character) in upper_camel.char_indices() {
        if character.is_uppercase() && index > 0 {
            snake.push('_');
        }
        snake.extend(character.to_lowercase());
    }
    snake
}
