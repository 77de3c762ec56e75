//! Documents full of markup, attribute breakers and controls, shown on both pages: parsed as a browser parses them, the
//! pages hold no element, attribute or address of the documents' making, and the words are still there to be read.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};
use policy_echo::compare::engine::{Engine, EngineSettings};
use policy_echo::compare::options::CompareOptions;
use policy_echo::report::glyph::visible;
use policy_echo::report::html::{PageOptions, comparison_page, trace_page};
use policy_echo::report::label::Language;
use policy_echo::text::cancel::Cancel;
use policy_echo::text::document::{Document, DocumentLimits, Metadata};
use policy_echo::text::span::Pair;
use policy_echo::trace::outcome::Trace;
use policy_echo::trace::tracer::Tracer;

/// Elements that carry or load something, each written in the ways that parsers have been fooled by.
const ELEMENTS: [&str; 26] = [
    "script",
    "img",
    "svg",
    "iframe",
    "object",
    "embed",
    "form",
    "input",
    "button",
    "textarea",
    "style",
    "link",
    "meta",
    "base",
    "title",
    "template",
    "noscript",
    "math",
    "a",
    "table",
    "select",
    "video",
    "body",
    "html",
    "plaintext",
    "xmp",
];

/// What does not fit the pattern.
const SPECIMENS: [&str; 30] = [
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "` onload=`alert(1)`",
    "javascript:alert(1)",
    "<a href=\"javascript&#58;alert(1)\">点此</a>",
    "<a href=\"data:text/html;base64,PHNjcmlwdD4=\">点此</a>",
    "<!-- 注释 --><b>",
    "--><b>",
    "<![CDATA[<b>]]>",
    "]]><b>",
    "<?xml version=\"1.0\"?>",
    "<!DOCTYPE html><b>",
    "</style></script></title></textarea><b>",
    "</p></main></body></html><script>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "&#x3c;script&#x3e;",
    "＜script＞alert(1)＜/script＞",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<b>>",
    "<b\t>",
    "< b>",
    "<\u{0}b>",
    "\u{202e}gpj.目录\u{202c}",
    "\u{2066}<b>\u{2069}",
    "零\u{200b}宽\u{feff}字",
    "\u{1b}[2J\u{1b}]0;标题\u{7}",
    "{{constructor.constructor('alert(1)')()}}",
];

/// At least a hundred kinds of markup, one a line, each in a sentence that both documents share.
fn hostile_lines() -> Vec<String> {
    let mut kinds: Vec<String> = SPECIMENS.map(str::to_owned).to_vec();
    for (index, name) in ELEMENTS.iter().enumerate() {
        kinds.push(format!("<{name} id=m1 onload=alert({index}) style='color:red' src=//evil.example/{index}>"));
        kinds.push(format!("</{name}>"));
        kinds.push(format!("<{}/x=\"", name.to_uppercase()));
    }
    assert!(kinds.len() >= 100, "{} kinds", kinds.len());
    let lines = kinds.iter().enumerate();
    lines
        .map(|(index, kind)| format!("第{}条 县级以上人民政府应当{kind}加强第{index}类公共设施管理。", index + 1))
        .collect()
}

fn document(lines: &[String], local: &str, metadata: &str) -> Document {
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{}", line.replace("县级以上", local)).unwrap();
    }
    let metadata = Metadata {
        id: metadata.to_owned(),
        title: metadata.to_owned(),
        issuer: metadata.to_owned(),
        region: format!("{local}{metadata}"),
        ..Metadata::default()
    };
    Document::new(text, metadata, DocumentLimits::default()).unwrap()
}

/// What a page holds, as a browser sees it.
#[derive(Default)]
struct Seen {
    elements: BTreeMap<String, usize>,
    attributes: BTreeSet<(String, String)>,
    addresses: BTreeSet<String>,
    ids: Vec<String>,
    comments: usize,
    words: String,
}

fn parse(page: &str) -> (Seen, RcDom) {
    let dom = html5ever::parse_document(RcDom::default(), html5ever::ParseOpts::default()).one(page);
    let mut seen = Seen::default();
    walk(&dom.document, &mut seen);
    (seen, dom)
}

fn walk(node: &Handle, seen: &mut Seen) {
    match &node.data {
        NodeData::Element { name, attrs, .. } => {
            let element = name.local.to_string();
            let mut number = false;
            for attribute in attrs.borrow().iter() {
                let (name, value) = (attribute.name.local.to_string(), attribute.value.to_string());
                if matches!(name.as_str(), "href" | "src" | "action" | "formaction" | "xlink:href" | "data") {
                    seen.addresses.insert(value.clone());
                }
                if name == "id" {
                    seen.ids.push(value.clone());
                }
                number |= name == "class" && element == "a" && value.starts_with("n ");
                seen.attributes.insert((element.clone(), name));
            }
            *seen.elements.entry(element.clone()).or_default() += 1;
            // The page's own words inside the document's: numbers of passages; and what is no text at all.
            if number || element == "script" || element == "style" {
                return;
            }
        }
        NodeData::Text { contents } => seen.words += &contents.borrow(),
        NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => seen.comments += 1,
        NodeData::Document | NodeData::Doctype { .. } => {}
    }
    node.children.borrow().iter().for_each(|child| walk(child, seen));
}

/// The elements and attributes that our pages are made of.
const OUR_ELEMENTS: &str = "html head meta title style body a nav ul ol li main header footer section article div p span \
    h1 h2 h3 h4 table caption thead tbody tr th td details summary label input svg rect path line circle figure figcaption \
    dl dt dd b br wbr bdi small ins del script";
const OUR_ATTRIBUTES: &str = "lang charset http-equiv content name id class href title type aria-label aria-labelledby \
    aria-hidden focusable viewBox preserveAspectRatio x y x1 x2 y1 y2 cx cy r d width height overflow role tabindex scope \
    colspan start open data-p data-c data-v data-count";

fn check(page: &str, lines: &[String], documents: &[&Document]) {
    let (seen, _) = parse(page);
    let ours: BTreeSet<&str> = OUR_ELEMENTS.split_whitespace().collect();
    let foreign: Vec<&String> = seen.elements.keys().filter(|name| !ours.contains(name.as_str())).collect();
    assert!(foreign.is_empty(), "elements of the document's making: {foreign:?}");
    for once in ["script", "style", "title", "body", "html", "main"] {
        let titles = if once == "title" { page.matches("<title>").count() } else { 1 };
        assert_eq!(seen.elements[once], titles, "{once}");
    }
    let ours: BTreeSet<&str> = OUR_ATTRIBUTES.split_whitespace().collect();
    let foreign: Vec<_> = seen.attributes.iter().filter(|(_, name)| !ours.contains(name.as_str())).collect();
    assert!(foreign.is_empty(), "attributes of the document's making: {foreign:?}");
    let ids: BTreeSet<&str> = seen.ids.iter().map(String::as_str).collect();
    assert_eq!(ids.len(), seen.ids.len(), "an id stands twice");
    let lost: Vec<_> =
        seen.addresses.iter().filter(|to| !to.strip_prefix('#').is_some_and(|id| ids.contains(id))).collect();
    assert!(lost.is_empty(), "addresses off the page: {lost:?}");
    assert_eq!(seen.comments, 0);
    let steering = ['\u{202e}', '\u{2066}', '\u{2069}', '\u{200b}', '\u{feff}', '\u{1b}', '\u{0}', '\u{7}'];
    assert!(!page.contains(steering), "a control is shown as it is");
    // Blanks are the page's own business.
    let tight = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    let words = tight(&seen.words);
    for line in lines {
        let line = visible(&line.replace("县级以上", "市"));
        assert!(words.contains(&tight(&line)), "the words are gone: {line}");
    }
    for document in documents {
        assert!(words.contains(&tight(&visible(&document.metadata().title))), "the title is gone");
    }
}

#[test]
fn a_hundred_kinds_of_markup_stay_words() {
    let lines = hostile_lines();
    let left = document(&lines, "市", "<script>alert('题')</script>\"' onload=x \u{202e}");
    let right = document(&lines, "市", "</title><img src=x onerror=alert(1)>\u{1b}[2J");
    let engine = Arc::new(Engine::load(EngineSettings::default()).unwrap());
    let (options, cancel) = (CompareOptions::default(), Cancel::new());
    let documents = Pair::new(left.clone(), right.clone());
    let references = [document(&lines[..3], "省", "'><base href=//evil.example>")];
    for language in [Language::Chinese, Language::English] {
        let page_options = PageOptions { language, ..PageOptions::default() };
        let comparison = engine.compare(&documents, &references, &options, &cancel).unwrap();
        check(&comparison_page(&comparison, &documents, &references, page_options), &lines, &[&left, &right]);

        let tracer = Tracer::new(Arc::clone(&engine), &left, &references, options.clone(), &cancel).unwrap();
        let (finding, digest) = tracer.finding(0, &right, &cancel).unwrap();
        let trace = Trace {
            directive: left.clone(),
            references: references.to_vec(),
            resolutions: vec![right.clone()],
            findings: vec![finding],
            summary: tracer.summary(&[digest], &cancel).unwrap(),
        };
        check(&trace_page(&trace, page_options), &lines, &[&left, &right]);
    }
}
