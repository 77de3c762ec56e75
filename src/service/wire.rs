//! A look at a request on the wire, before it becomes values.
//!
//! In: the bytes of a message and its name. Out: nothing, or what is wrong with it and where, in the caller's own terms.
//! Decoding turns two bytes of an empty document into more than a hundred of memory, so that a message within its size
//! limit could take gigabytes; here its fields and elements are counted first, without allocating for them. Texts are
//! stepped over, so the cost is that of the number of fields, which is bounded.
//!
//! Only requests are looked at: the shapes are those that the methods of the contract take.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorSet};

use super::proto;
use super::status::{Failure, Violation};

/// Most fields and elements of one message, those inside others included. A request of 64 references with 10 000 custom
/// words and as many ignored phrases has fewer than half of it.
pub const MAX_ELEMENTS: usize = 1 << 16;
/// Most messages and groups inside each other, as in prost.
const MAX_DEPTH: usize = 100;

/// Which checks to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Structure and count, cheap: before decoding.
    Structure,
    /// Also whether texts are UTF-8: to say what is wrong once decoding has failed.
    Texts,
}

#[derive(Debug)]
struct Shape {
    name: String,
    fields: Vec<(u32, FieldShape)>,
}

#[derive(Debug)]
struct FieldShape {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Index of its shape.
    Message(usize),
    Text,
    Bytes,
    /// A repeated number: packed into one run of bytes, or one by one.
    Packed,
    Number,
}

#[derive(Debug, Default)]
struct Shapes {
    shapes: Vec<Shape>,
    requests: HashMap<String, usize>,
}

static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
    // The descriptors were written by the build; were they broken, reflection would refuse to start.
    FileDescriptorSet::decode(proto::DESCRIPTORS).map(|set| Shapes::of(&set)).unwrap_or_default()
});

impl Shapes {
    fn of(set: &FileDescriptorSet) -> Self {
        let mut shapes = Vec::new();
        let mut indexes = HashMap::new();
        let messages = set.file.iter().flat_map(|file| {
            file.message_type.iter().map(move |message| (format!(".{}.{}", file.package(), message.name()), message))
        });
        let messages: Vec<(String, &DescriptorProto)> = messages.collect();
        for (index, (name, _)) in messages.iter().enumerate() {
            indexes.insert(name.clone(), index);
        }
        for (name, message) in messages {
            let fields = message.field.iter().map(|field| (field.number() as u32, FieldShape::of(field, &indexes)));
            shapes.push(Shape { name, fields: fields.collect() });
        }
        let methods = set.file.iter().flat_map(|file| &file.service).flat_map(|service| &service.method);
        let requests = methods.filter_map(|method| {
            let index = *indexes.get(method.input_type())?;
            Some((shapes[index].name.trim_start_matches('.').to_owned(), index))
        });
        Self { requests: requests.collect(), shapes }
    }
}

impl FieldShape {
    fn of(field: &FieldDescriptorProto, indexes: &HashMap<String, usize>) -> Self {
        let kind = match field.r#type() {
            Type::Message => indexes.get(field.type_name()).map_or(Kind::Bytes, |&index| Kind::Message(index)),
            Type::String => Kind::Text,
            Type::Bytes => Kind::Bytes,
            _ if field.label() == Label::Repeated => Kind::Packed,
            _ => Kind::Number,
        };
        Self { name: field.name().to_owned(), kind }
    }
}

/// A message or group that the walk is inside of.
struct Inside<'a> {
    /// Where it ends.
    end: usize,
    /// Shape of a message; `None` for what is unknown.
    shape: Option<&'a Shape>,
    /// Name of the field that holds it.
    name: &'a str,
    /// Number of a group.
    group: Option<u32>,
}

/// What is wrong with the bytes of a request, as a failure of one field; `Ok` for names that are no request.
pub fn inspect(bytes: &[u8], message: &str, look: Look) -> Result<(), Failure> {
    let shapes = &*SHAPES;
    let Some(&root) = shapes.requests.get(message) else { return Ok(()) };
    Walk {
        bytes,
        at: 0,
        elements: 0,
        look,
        shapes,
        inside: vec![Inside::message(bytes.len(), &shapes.shapes[root], "")],
    }
    .run()
}

impl<'a> Inside<'a> {
    fn message(end: usize, shape: &'a Shape, name: &'a str) -> Self {
        Self { end, shape: Some(shape), name, group: None }
    }
}

struct Walk<'a> {
    bytes: &'a [u8],
    at: usize,
    elements: usize,
    look: Look,
    shapes: &'a Shapes,
    inside: Vec<Inside<'a>>,
}

const TRUNCATED: &str = "ends in the middle of a field";

impl<'a> Walk<'a> {
    fn run(mut self) -> Result<(), Failure> {
        loop {
            let Some(inside) = self.inside.last() else { return Ok(()) };
            let (end, shape, group) = (inside.end, inside.shape, inside.group);
            if self.at == end {
                if group.is_some() {
                    return Err(self.broken("", "has a group without an end"));
                }
                self.inside.pop();
                continue;
            }
            let key = self.varint(end)?;
            let (number, wire_type) = ((key >> 3) as u32, key & 7);
            if key > u64::from(u32::MAX) || number == 0 {
                return Err(self.broken("", "has a field number that is none"));
            }
            let field = shape.and_then(|shape| shape.fields.iter().find(|(known, _)| *known == number));
            let (name, kind) = field.map_or(("", None), |(_, field)| (field.name.as_str(), Some(field.kind)));
            self.count(1, name)?;
            match wire_type {
                0 => drop(self.varint(end)?),
                1 => self.skip(8, end, name)?,
                5 => self.skip(4, end, name)?,
                2 => self.length_delimited(end, name, kind)?,
                3 => self.enter(Inside { end, shape: None, name, group: Some(number) })?,
                4 if group == Some(number) => drop(self.inside.pop()),
                _ => return Err(self.broken(name, "has a wire type that does not belong there")),
            }
        }
    }

    fn length_delimited(&mut self, end: usize, name: &'a str, kind: Option<Kind>) -> Result<(), Failure> {
        let length = self.varint(end)?;
        let start = self.at;
        self.skip(length, end, name)?;
        let content = &self.bytes[start..self.at];
        match kind {
            Some(Kind::Message(index)) => {
                let end = self.at;
                self.at = start;
                self.enter(Inside::message(end, &self.shapes.shapes[index], name))
            }
            Some(Kind::Packed) => self.count(content.iter().filter(|byte| **byte < 0x80).count(), name),
            Some(Kind::Text) if self.look == Look::Texts && std::str::from_utf8(content).is_err() => {
                Err(self.broken(name, "is not UTF-8; send UTF-8, or the bytes as content with their charset"))
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, inside: Inside<'a>) -> Result<(), Failure> {
        if self.inside.len() > MAX_DEPTH {
            return Err(self.broken("", "nests too deep"));
        }
        self.inside.push(inside);
        Ok(())
    }

    fn count(&mut self, elements: usize, name: &str) -> Result<(), Failure> {
        self.elements += elements;
        if self.elements > MAX_ELEMENTS {
            let description = format!("the message has more than {MAX_ELEMENTS} fields and elements; send fewer");
            return Err(self.violation(name, "TOO_MANY", description));
        }
        Ok(())
    }

    fn varint(&mut self, end: usize) -> Result<u64, Failure> {
        let mut value = 0u64;
        for shift in (0..70).step_by(7) {
            let Some(&byte) = self.bytes[..end].get(self.at) else { return Err(self.broken("", TRUNCATED)) };
            self.at += 1;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.broken("", "has a number of more than 64 bits"))
    }

    fn skip(&mut self, length: u64, end: usize, name: &str) -> Result<(), Failure> {
        match usize::try_from(length).ok().and_then(|length| self.at.checked_add(length)) {
            Some(next) if next <= end => {
                self.at = next;
                Ok(())
            }
            _ => Err(self.broken(name, TRUNCATED)),
        }
    }

    fn broken(&self, name: &str, what: &str) -> Failure {
        self.violation(name, "MALFORMED_MESSAGE", format!("{what}; the message cannot be parsed"))
    }

    fn violation(&self, name: &str, reason: &'static str, description: String) -> Failure {
        let names = self.inside.iter().map(|inside| inside.name).chain([name]).filter(|name| !name.is_empty());
        // Unknown groups nest without names, so a path is never longer than the shapes are deep.
        let field = names.collect::<Vec<_>>().join(".");
        Failure::Invalid(vec![Violation { field, description, reason }])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Name as _;

    fn check(bytes: &[u8]) -> String {
        let name = proto::CompareRequest::full_name();
        match inspect(bytes, &name, Look::Texts) {
            Ok(()) => "nothing".to_owned(),
            Err(Failure::Invalid(violations)) => {
                let Violation { field, description, .. } = &violations[0];
                format!("[{field}] {}", description.split(';').next().expect("not empty"))
            }
            Err(failure) => format!("{failure:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_named_by_its_field() {
        assert_eq!(check(b""), "nothing");
        assert_eq!(check(b"\x0a\x04\x4a\x02\xff\xfe"), "[left.text] is not UTF-8");
        assert_eq!(check(b"\x0a\x04\x4a\x03ab"), "[left.text] ends in the middle of a field");
        assert_eq!(check(b"\x0a\xff\xff\xff\x7fx"), "[left] ends in the middle of a field");
        assert_eq!(check(b"\x02\x01x"), "[] has a field number that is none");
        assert_eq!(check(b"\x0f"), "[left] has a wire type that does not belong there");
        assert_eq!(check(&[0x0b; 50]), "[left] has a group without an end");
    }

    #[test]
    fn nesting_has_an_end() {
        let groups: Vec<u8> = [[0x7b; 10_000], [0x7c; 10_000]].concat();
        assert_eq!(check(&groups), "[] nests too deep");
    }

    #[test]
    fn elements_are_counted_before_they_take_memory() {
        // Field 3, references, each empty: two bytes on the wire, over a hundred in memory.
        assert_eq!(check(&b"\x1a\x00".repeat(MAX_ELEMENTS)), "nothing");
        assert!(check(&b"\x1a\x00".repeat(MAX_ELEMENTS + 1)).starts_with("[references] the message has more than"));
        // Options (4) with packed reports (1).
        let mut packed = b"\x22\x86\x80\x08\x0a\x82\x80\x08".to_vec();
        packed.extend([1; 0x20002]);
        assert!(check(&packed).starts_with("[options.reports] the message has more than"), "{}", check(&packed));
    }
}
