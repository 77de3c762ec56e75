//! What each method asks of its caller: the exact paths, and nothing else.
//!
//! A method that is not here is answered UNIMPLEMENTED, whatever the router knows; a test holds the table against the
//! descriptors of all services, so a new method without a rule is found before anybody can call it.

/// What a method asks of its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Open,
    /// To be listed among the callers, with a right to the method, where callers are listed.
    Caller,
}

/// All methods with their rules, sorted by path.
pub const RULES: &[(&str, Access)] = &[
    ("/grpc.health.v1.Health/Check", Access::Open),
    ("/grpc.health.v1.Health/Watch", Access::Open),
    ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", Access::Caller),
    ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", Access::Caller),
    ("/policyecho.v1.ComparisonService/AlignParagraphs", Access::Caller),
    ("/policyecho.v1.ComparisonService/Compare", Access::Caller),
    ("/policyecho.v1.ComparisonService/CompareStream", Access::Caller),
    ("/policyecho.v1.ComparisonService/DiffWords", Access::Caller),
    ("/policyecho.v1.ComparisonService/FindSharedPhrases", Access::Caller),
    ("/policyecho.v1.InfoService/GetInfo", Access::Caller),
    ("/policyecho.v1.TraceService/TraceDirective", Access::Caller),
];

/// The rule for exactly this path.
pub fn rule(path: &str) -> Option<Access> {
    RULES.binary_search_by(|(known, _)| (*known).cmp(path)).ok().map(|index| RULES[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::proto;
    use prost::Message as _;

    #[test]
    fn every_method_of_every_service_has_a_rule_and_every_rule_a_method() {
        let mut described = Vec::new();
        for bytes in [
            proto::DESCRIPTORS,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ] {
            for file in prost_types::FileDescriptorSet::decode(bytes).expect("descriptors").file {
                for service in &file.service {
                    let service_name = format!("{}.{}", file.package(), service.name());
                    described.extend(service.method.iter().map(|method| format!("/{service_name}/{}", method.name())));
                }
            }
        }
        described.sort();
        described.dedup();
        let ruled: Vec<_> = RULES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(ruled, described, "give every method a rule, in the order of their paths");
    }

    #[test]
    fn only_the_exact_path_counts() {
        assert_eq!(rule("/grpc.health.v1.Health/Check"), Some(Access::Open));
        for path in [
            "/grpc.health.v1.Health/Check/",
            "//grpc.health.v1.Health/Check",
            "grpc.health.v1.Health/Check",
            "/grpc.health.v1.Health/check",
            "/grpc.health.v1.Health/Chec%6B",
            "/policyecho.v1.ComparisonService/Guess",
        ] {
            assert_eq!(rule(path), None, "{path}");
        }
    }
}
