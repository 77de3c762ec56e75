//! `policy-echo compare`: two documents, with the engine in this process or with a running server.
//!
//! Both ways build the same request and give the same answer; the server's reads like the engine's.

use std::time::Duration;

use tonic::codec::CompressionEncoding;

use super::answer::{AnswerOptions, MAX_REPLY_BYTES, Reader};
use super::output;
use super::{CommandError, block_on, from_response, input};
use crate::compare::comparison::Comparison;
use crate::compare::engine::Engine;
use crate::report::html::PageOptions;
use crate::report::{export, html, terminal};
use crate::service::from_proto::{self, CompareCall};
use crate::service::proto;
use crate::service::proto::comparison_service_client::ComparisonServiceClient;
use crate::service::status::Failure;
use crate::service::to_proto::{self, Setting};
use crate::text::cancel::Cancel;
use crate::text::document::DocumentLimits;

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub(super) struct Compare {
    /// The left document: the directive, where one is traced in the other; - reads standard input
    left: String,

    /// The right document: the resolution; - reads standard input
    right: String,

    /// A document whose wording is not the left one's own, such as a central plan; may be given many times
    #[arg(long, value_name = "FILE")]
    reference: Vec<String>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Shortest shared phrase to report, in characters
    #[arg(long, value_name = "CHARACTERS")]
    min_phrase_characters: Option<u32>,

    /// Longest time to wait for the server, in seconds
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    timeout_s: u64,

    #[command(flatten)]
    answer: AnswerOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// Canonical proto3 JSON of CompareResponse
    Json,
    /// A page for a browser, one file that loads nothing
    Html,
    /// The correspondence table of the paragraphs, for a spreadsheet
    Csv,
    /// The correspondence table of the paragraphs, for a manuscript
    Markdown,
}

impl Format {
    fn reader(self) -> Reader {
        match self {
            Self::Json => Reader::Program,
            Self::Html => Reader::OfPage,
            Self::Text | Self::Csv | Self::Markdown => Reader::Here,
        }
    }
}

impl Compare {
    pub(super) fn run(self) -> Result<(), CommandError> {
        if self.left == "-" && self.right == "-" {
            return Err(CommandError::Usage("only one of both documents can come from standard input".to_owned()));
        }
        let request = self.request()?;
        let text = match self.format {
            Format::Json => {
                let response = match &self.answer.server {
                    Some(server) => self.ask(server, request)?,
                    None => self.compare_here(request, |call, found, engine| {
                        let versions = engine.versions();
                        let setting = Setting {
                            documents: call.documents.as_ref(),
                            charsets: call.charsets,
                            form: call.form,
                            versions: &versions,
                        };
                        to_proto::compare_response(found, setting)
                    })?,
                };
                let json = serde_json::to_string_pretty(&response);
                json.map_err(|error| CommandError::Internal(format!("cannot write JSON: {error}")))? + "\n"
            }
            Format::Text | Format::Html | Format::Csv | Format::Markdown => match &self.answer.server {
                Some(server) => {
                    let call = self.read(request.clone())?;
                    let response = self.ask(server, request)?;
                    let found = from_response::comparison(&response).map_err(CommandError::Internal)?;
                    self.show(&call, &found)
                }
                None => self.compare_here(request, |call, found, _| self.show(call, found))?,
            },
        };
        output::write(&text, self.answer.output.as_deref(), self.answer.color)
    }

    /// The comparison for a person, in any format but JSON.
    fn show(&self, call: &CompareCall, found: &Comparison) -> String {
        let language = self.answer.language(self.format.reader());
        match self.format {
            Format::Html => {
                let options = PageOptions { language, ..Default::default() };
                html::comparison_page(found, &call.documents, &call.references, options)
            }
            Format::Csv => export::correspondence_csv(found, &call.documents, language),
            Format::Markdown => export::correspondence_markdown(found, &call.documents, language),
            Format::Text | Format::Json => {
                terminal::render(found, &call.documents, &terminal::View { columns: output::columns(), language })
            }
        }
    }

    fn request(&self) -> Result<proto::CompareRequest, CommandError> {
        let references = self.reference.iter().map(|path| input::document(path)).collect::<Result<_, _>>()?;
        let unit = self.answer.unit(self.format.reader());
        Ok(proto::CompareRequest {
            left: Some(input::document(&self.left)?),
            right: Some(input::document(&self.right)?),
            references,
            options: Some(proto::CompareOptions {
                min_phrase_characters: self.min_phrase_characters,
                include_text: self.answer.include_text,
                ..Default::default()
            }),
            offset_unit: unit.into(),
        })
    }

    fn read(&self, request: proto::CompareRequest) -> Result<CompareCall, CommandError> {
        from_proto::compare_call(request, "", DocumentLimits::default()).map_err(|failure| self.explain(failure))
    }

    fn compare_here<T>(
        &self,
        request: proto::CompareRequest,
        answer: impl FnOnce(&CompareCall, &Comparison, &Engine) -> T,
    ) -> Result<T, CommandError> {
        let call = self.read(request)?;
        let engine = input::engine(self.answer.background.as_deref())?;
        let found = engine
            .compare(&call.documents, &call.references, &call.options, &Cancel::new())
            .map_err(|error| CommandError::Internal(error.to_string()))?;
        Ok(answer(&call, &found, &engine))
    }

    fn ask(&self, server: &str, request: proto::CompareRequest) -> Result<proto::CompareResponse, CommandError> {
        block_on(async {
            let mut client = ComparisonServiceClient::new(self.answer.access.connect(server).await?)
                .send_compressed(CompressionEncoding::Zstd)
                .accept_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(MAX_REPLY_BYTES);
            let mut request = tonic::Request::new(request);
            request.set_timeout(Duration::from_secs(self.timeout_s));
            Ok(client.compare(request).await?.into_inner())
        })
    }

    /// What is wrong with the request, in the words of the command line: files rather than fields.
    fn explain(&self, failure: Failure) -> CommandError {
        let Failure::Invalid(violations) = failure else {
            return CommandError::Internal("the request cannot be read".to_owned());
        };
        let Some(first) = violations.into_iter().next() else {
            return CommandError::Internal("the request is refused without a reason".to_owned());
        };
        let reference =
            first.field.strip_prefix("references[").and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        let path = match reference {
            Some(index) => self.reference.get(index).cloned(),
            None if first.field.starts_with("left.") => Some(self.left.clone()),
            None if first.field.starts_with("right.") => Some(self.right.clone()),
            None => None,
        };
        match path {
            Some(path) => CommandError::Data { path, cause: first.description },
            None => CommandError::Usage(format!("{}: {}", first.field, first.description)),
        }
    }
}
