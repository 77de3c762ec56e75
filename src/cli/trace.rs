//! `policy-echo trace`: a directive through its resolutions, with the engine in this process or with a running server.
//!
//! Both ways send the same messages through the same session and give the same replies; JSON prints them, everything else
//! is made from the values they hold.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tonic::codec::CompressionEncoding;

use super::answer::{AnswerOptions, MAX_REPLY_BYTES, Reader};
use super::manifest::Manifest;
use super::output::{self, Sink};
use super::progress::{Progress, Results};
use super::{CommandError, block_on, from_response, input};
use crate::report::export::{TraceTable, trace_csv, trace_markdown};
use crate::report::html::{self, PageOptions};
use crate::report::terminal::{self, View};
use crate::service::from_proto::trace as from_proto;
use crate::service::proto;
use crate::service::proto::trace_directive_request::Message as Sent;
use crate::service::proto::trace_directive_response::Message as Reply;
use crate::service::proto::trace_service_client::TraceServiceClient;
use crate::service::status::Failure;
use crate::service::trace_session::{self, TraceSession};
use crate::text::cancel::Cancel;
use crate::text::document::{Document, DocumentLimits};
use crate::trace::outcome;

/// Arguments of `trace`.
#[derive(Debug, clap::Args)]
pub(super) struct Trace {
    /// The directive: the document whose traces are looked for; - reads standard input. Without it the manifest says
    /// which documents are traced: its first is the directive
    #[arg(default_value = "", hide_default_value = true)]
    directive: String,

    /// The documents that may answer it
    resolution: Vec<String>,

    /// A document whose wording is not the directive's own, such as a central plan; may be given many times
    #[arg(long, value_name = "FILE")]
    reference: Vec<String>,

    /// Titles, issuers, levels, regions and dates of the documents, as examples/README.md describes
    #[arg(long, value_name = "FILE")]
    manifest: Option<String>,

    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,

    /// Which table CSV and Markdown hold: what became of each part, or also the words that show it
    #[arg(long, value_enum, value_name = "TABLE")]
    table: Option<Table>,

    /// Longest time to wait for the server, in seconds
    #[arg(long, default_value_t = 600, value_name = "SECONDS")]
    timeout_s: u64,

    #[command(flatten)]
    answer: AnswerOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For a person
    Text,
    /// Canonical proto3 JSON of TraceDirectiveResponse, one reply a line
    Json,
    /// A page for a browser, one file that loads nothing
    Html,
    /// A table with one row for each part of the directive and one column for each resolution, for a spreadsheet
    Csv,
    /// The same table for a manuscript
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Table {
    /// What became of each part of the directive in each resolution
    Matrix,
    /// The same with the words of the resolutions that show it (对照表)
    Correspondence,
}

/// The messages of one trace.
#[derive(Debug)]
struct Messages {
    start: proto::TraceStart,
    resolutions: Vec<proto::Document>,
}

impl Trace {
    pub(super) fn run(mut self) -> Result<(), CommandError> {
        let manifest = self.manifest.as_deref().map(Manifest::read).transpose()?;
        if self.directive.is_empty() {
            let cast = manifest.as_ref().and_then(Manifest::cast);
            let cast = cast.ok_or(CommandError::Usage(
                "name the directive and its resolutions, or a manifest that lists them".to_owned(),
            ))?;
            (self.directive, self.resolution) = (cast.directive, cast.resolutions);
            self.reference.extend(cast.references);
        }
        if self.resolution.is_empty() {
            return Err(CommandError::Usage("name at least one resolution behind the directive".to_owned()));
        }
        let named = std::iter::once(&self.directive).chain(&self.resolution).chain(&self.reference);
        if named.filter(|path| *path == "-").count() > 1 {
            return Err(CommandError::Usage("only one of the documents can come from standard input".to_owned()));
        }
        if self.table.is_some() && !matches!(self.format, Format::Csv | Format::Markdown) {
            return Err(CommandError::Usage("--table goes with --format csv or markdown only".to_owned()));
        }
        let messages = self.messages(manifest.as_ref())?;
        if self.format == Format::Json {
            let mut sink = Sink::open(self.answer.output.as_deref(), self.answer.color)?;
            let mut refused = Vec::new();
            self.replies(messages, |reply| {
                if let Some(Reply::Finding(finding)) = &reply.message {
                    refused.extend(self.refusal(finding));
                }
                let json = serde_json::to_string(&reply);
                let json = json.map_err(|error| CommandError::Internal(format!("cannot write JSON: {error}")))?;
                sink.write(&(json + "\n"))
            })?;
            return refused.into_iter().next().map_or(Ok(()), Err);
        }
        let mut refused = Vec::new();
        let trace = self.trace(messages, &mut refused)?;
        output::write(&self.show(&trace), self.answer.output.as_deref(), self.answer.color)?;
        let mut refused = refused.into_iter();
        let first = refused.next();
        refused.for_each(|error| output::complain(&error));
        first.map_or(Ok(()), Err)
    }

    /// The trace for a person, in any format but JSON.
    fn show(&self, trace: &outcome::Trace) -> String {
        let language = self.answer.language(self.format.reader());
        let table = match self.table {
            Some(Table::Correspondence) => TraceTable::Correspondence,
            Some(Table::Matrix) | None => TraceTable::Matrix,
        };
        match self.format {
            Format::Csv => trace_csv(trace, table, language),
            Format::Markdown => trace_markdown(trace, table, language),
            Format::Html => html::trace_page(trace, PageOptions { language, ..PageOptions::default() }),
            Format::Text | Format::Json => {
                terminal::render_trace(trace, &View { columns: output::columns(), language })
            }
        }
    }

    fn messages(&self, manifest: Option<&Manifest>) -> Result<Messages, CommandError> {
        let document = |path: &String| -> Result<proto::Document, CommandError> {
            let document = input::document(path)?;
            Ok(match manifest {
                Some(manifest) => manifest.complete(document),
                None => document,
            })
        };
        let unit = self.answer.unit(self.format.reader());
        let resolutions = self.resolution.iter().map(document).collect::<Result<Vec<_>, _>>()?;
        let start = proto::TraceStart {
            directive: Some(document(&self.directive)?),
            references: self.reference.iter().map(document).collect::<Result<_, _>>()?,
            options: Some(proto::CompareOptions { include_text: self.answer.include_text, ..Default::default() }),
            offset_unit: unit.into(),
            expected_resolutions: u32::try_from(resolutions.len()).ok(),
        };
        Ok(Messages { start, resolutions })
    }

    /// The trace with its documents. Resolutions that a server refuses are told in `refused`.
    fn trace(&self, messages: Messages, refused: &mut Vec<CommandError>) -> Result<outcome::Trace, CommandError> {
        let limits = DocumentLimits::default();
        let call =
            from_proto::trace_call(messages.start.clone(), limits).map_err(|failure| self.explain(failure, None))?;
        let resolutions = self.documents(&messages.resolutions)?;
        let (mut findings, mut summary) = (Vec::new(), None);
        self.replies(messages, |reply| {
            match reply.message {
                Some(Reply::Finding(finding)) => {
                    refused.extend(self.refusal(&finding));
                    if let Some(proto::trace_finding::Result::Trace(trace)) = finding.result {
                        findings.push(from_response::trace::finding(trace).map_err(CommandError::Internal)?);
                    }
                }
                Some(Reply::Summary(found)) => {
                    summary = Some(from_response::trace::summary(&found).map_err(CommandError::Internal)?);
                }
                Some(Reply::Progress(_)) | None => {}
            }
            Ok(())
        })?;
        let summary = summary.ok_or(CommandError::Internal("the trace ended without a summary".to_owned()))?;
        let directive = call.directive.document;
        Ok(outcome::Trace { directive, references: call.references, resolutions, findings, summary })
    }

    fn documents(&self, messages: &[proto::Document]) -> Result<Vec<Document>, CommandError> {
        let read = |(index, message): (usize, &proto::Document)| {
            let received = from_proto::resolution(message.clone(), DocumentLimits::default());
            received.map(|received| received.document).map_err(|failure| self.explain(failure, Some(index)))
        };
        messages.iter().enumerate().map(read).collect()
    }

    /// Why a resolution has no finding.
    fn refusal(&self, finding: &proto::TraceFinding) -> Option<CommandError> {
        let Some(proto::trace_finding::Result::Error(error)) = &finding.result else { return None };
        let path = self.resolution.get(finding.resolution() as usize).cloned().unwrap_or_default();
        Some(CommandError::Data { path, cause: error.message.clone() })
    }

    /// Hands on each reply as it comes.
    fn replies(
        &self,
        messages: Messages,
        mut each: impl FnMut(proto::TraceDirectiveResponse) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let between = self.format == Format::Json && self.answer.output.is_none();
        let results = if between { Results::Between } else { Results::Later };
        let progress = Progress::start(messages.resolutions.len(), results);
        let each = |reply: proto::TraceDirectiveResponse| {
            if let Some(Reply::Progress(far)) = &reply.message {
                progress.at(far.done());
            }
            each(reply)
        };
        match &self.answer.server {
            Some(server) => self.ask(server, messages, each),
            None => self.trace_here(messages, each),
        }
    }

    fn trace_here(
        &self,
        messages: Messages,
        mut each: impl FnMut(proto::TraceDirectiveResponse) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        self.documents(&messages.resolutions)?;
        let engine = input::engine(self.answer.background.as_deref())?;
        let cancel = Cancel::new();
        let session = TraceSession::begin(Arc::new(engine), messages.start, DocumentLimits::default(), &cancel)
            .map_err(|failure| self.explain(failure, None))?;
        each(session.progress(0))?;
        let resolutions = messages.resolutions;
        let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get).min(resolutions.len());
        let (next, mut kept) = (AtomicUsize::new(0), Vec::new());
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(threads);
            for _ in 0..threads {
                let (send, session, resolutions, next, cancel) = (send.clone(), &session, &resolutions, &next, &cancel);
                scope.spawn(move || {
                    while let Some((index, document)) = take(next, resolutions) {
                        let traced = session.trace(index, document.clone(), cancel);
                        let answer = trace_session::finding(index, document.id.clone(), traced);
                        // Nobody listens any more once a reply could not be handed on.
                        if send.send((index, answer)).is_err() {
                            break;
                        }
                    }
                });
            }
            drop(send);
            // Answers come as they are ready and are handed on in the order of the resolutions.
            let (mut waiting, mut done) = (BTreeMap::new(), 0u32);
            for (index, answer) in receive {
                waiting.insert(index, answer);
                while let Some((reply, digest)) = waiting.remove(&done) {
                    done += 1;
                    kept.extend(digest);
                    each(reply).and_then(|()| each(session.progress(done))).inspect_err(|_| cancel.cancel())?;
                }
            }
            Ok::<_, CommandError>(())
        })?;
        let summary = session.summary(&kept, &cancel).map_err(|failure| self.explain(failure, None))?;
        each(trace_session::reply(Reply::Summary(summary)))
    }

    fn ask(
        &self,
        server: &str,
        messages: Messages,
        mut each: impl FnMut(proto::TraceDirectiveResponse) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        block_on(async {
            let mut client = TraceServiceClient::new(self.answer.access.connect(server).await?)
                .send_compressed(CompressionEncoding::Zstd)
                .accept_compressed(CompressionEncoding::Zstd)
                .max_decoding_message_size(MAX_REPLY_BYTES);
            let resolutions = messages.resolutions.into_iter().map(Sent::Resolution);
            let sent = std::iter::once(Sent::Start(messages.start)).chain(resolutions);
            let sent = sent.map(|message| proto::TraceDirectiveRequest { message: Some(message) });
            let mut request = tonic::Request::new(tokio_stream::iter(sent));
            request.set_timeout(Duration::from_secs(self.timeout_s));
            let mut replies = client.trace_directive(request).await?.into_inner();
            while let Some(reply) = replies.message().await? {
                each(reply)?;
            }
            Ok(())
        })
    }

    /// What is wrong with the messages, in the words of the command line: files rather than fields.
    fn explain(&self, failure: Failure, resolution: Option<usize>) -> CommandError {
        let Failure::Invalid(violations) = failure else {
            return CommandError::Internal("the trace ended early".to_owned());
        };
        let Some(first) = violations.into_iter().next() else {
            return CommandError::Internal("the trace is refused without a reason".to_owned());
        };
        let reference = first.field.strip_prefix("start.references[");
        let reference = reference.and_then(|rest| rest.split(']').next()?.parse::<usize>().ok());
        let path = match (resolution, reference) {
            (Some(index), _) => self.resolution.get(index),
            (None, Some(index)) => self.reference.get(index),
            (None, None) => Some(&self.directive).filter(|_| first.field.starts_with("start.directive")),
        };
        match path {
            Some(path) => CommandError::Data { path: path.clone(), cause: first.description },
            None => CommandError::Usage(format!("{}: {}", first.field, first.description)),
        }
    }
}

/// The next resolution that no thread has taken.
fn take<'m>(next: &AtomicUsize, resolutions: &'m [proto::Document]) -> Option<(u32, &'m proto::Document)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    Some((u32::try_from(index).ok()?, resolutions.get(index)?))
}
