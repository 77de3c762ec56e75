use super::*;
use crate::service::security::{Access, hex};

const KEY: &str = "pe_test";

fn list(text: &str) -> Result<Callers, CallersError> {
    Callers::read(Path::new("callers.toml"), text.as_bytes(), None)
}

/// What is wrong with a list, or `right`.
fn check(text: &str) -> String {
    list(text).map_or_else(|error| error.to_string(), |_| "right".to_owned())
}

fn entry(name: &str, more: &str) -> String {
    format!("[[caller]]\nname = \"{name}\"\nkey_sha256 = \"{}\"\n{more}\n", hex(&digest(KEY.as_bytes())))
}

fn shown(credential: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::AUTHORIZATION, credential.parse().expect("a header value"))])
}

fn day(text: &str) -> SystemTime {
    let moment = text.parse().expect("a date");
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds_since_1970(&moment).expect("with its zone"))
}

#[test]
fn a_list_with_anything_wrong_is_refused_with_all_that_is_wrong() {
    assert_eq!(check(""), "right");
    assert_eq!(check(&entry("office", "calls_per_minute = 60")), "right");
    let same = entry("office", "") + &entry("office", "");
    insta::assert_snapshot!(check(&same), @"callers.toml: office: there is another caller of this name; office: another caller has the same key or certificate");
    insta::assert_snapshot!(check(&entry("office", "methods = [\"policyecho.v1.ComparisonService/Guess\", \"x/*\"]")), @r#"callers.toml: office: there is no method "policyecho.v1.ComparisonService/Guess"; write package.Service/Method, package.Service/* or *; office: there is no method "x/*"; write package.Service/Method, package.Service/* or *"#);
    insta::assert_snapshot!(check("[[caller]]\nname = \"office\"\nkey_sha256 = \"pe_a_key_in_the_open\"\ncalls_per_minute = 0\nexpires = 2027-01-31T00:00:00\n"), @"callers.toml: office: key_sha256 must be 64 hexadecimal digits; `policy-echo keys hash` writes them; office: calls_per_minute and burst must be over 0; to shut a caller out, remove it; office: expires must be a day or a time with its zone, such as 2027-01-31T00:00:00Z");
    insta::assert_snapshot!(check("[[caller]]\nname = \"office\"\n"), @"callers.toml: office: give either key_sha256 or certificate_sha256");
    insta::assert_snapshot!(check("[[caller]]\nname = \"office\"\nkey = \"pe_secret\"\n"), @"callers.toml, line 3: unknown field `key`, expected one of `name`, `key_sha256`, `certificate_sha256`, `methods`, `calls_per_minute`, `burst`, `expires`");
}

#[test]
fn a_caller_is_known_by_its_key_until_it_expires() {
    let callers = list(&entry("office", "expires = 2027-01-31")).expect("right");
    let identify = |headers: HeaderMap, now| {
        callers.identify(&headers, None, day(now)).map(|caller| caller.name.clone()).map_err(|failure| match failure {
            Failure::Unauthenticated(why) => format!("{why:?}"),
            other => format!("{other:?}"),
        })
    };
    assert_eq!(identify(shown("Bearer pe_test"), "2027-01-30"), Ok("office".to_owned()));
    assert_eq!(identify(shown("bearer pe_test"), "2027-01-30"), Ok("office".to_owned()));
    assert_eq!(identify(shown("Bearer pe_test"), "2027-01-31"), Err("Expired".to_owned()));
    assert_eq!(identify(shown("Bearer pe_tesu"), "2027-01-30"), Err("UnknownKey".to_owned()));
    assert_eq!(identify(shown("Bearer "), "2027-01-30"), Err("UnknownKey".to_owned()));
    assert_eq!(identify(shown("Basic pe_test"), "2027-01-30"), Err("NoBearer".to_owned()));
    assert_eq!(identify(shown("pe"), "2027-01-30"), Err("NoBearer".to_owned()));
    assert_eq!(identify(HeaderMap::new(), "2027-01-30"), Err("Nothing".to_owned()));
}

#[test]
fn a_certificate_is_a_credential_only_as_a_certificate() {
    let known = digest(b"certificate");
    let text = format!("[[caller]]\nname = \"sidecar\"\ncertificate_sha256 = \"{}\"\n", hex(&known));
    let callers = list(&text).expect("right");
    let now = SystemTime::now();
    assert!(callers.identify(&HeaderMap::new(), Some(&known), now).is_ok());
    assert!(callers.identify(&HeaderMap::new(), Some(&digest(b"another")), now).is_err());
    // The key whose digest is that of the certificate is the certificate, which is no secret.
    assert!(callers.identify(&shown("Bearer certificate"), None, now).is_err());
}

#[test]
fn rights_are_exact_methods_or_whole_services() {
    let rights = |methods: &str| {
        let callers = list(&entry("office", methods)).expect("right");
        let asked = RULES.iter().filter(|(_, access)| *access == Access::Caller);
        asked.filter(|(path, _)| callers.0[0].may_call(path)).map(|(path, _)| *path).collect::<Vec<_>>().join(" ")
    };
    insta::assert_snapshot!(rights("methods = [\"policyecho.v1.InfoService/GetInfo\"]"), @"/policyecho.v1.InfoService/GetInfo");
    insta::assert_snapshot!(rights("methods = [\"policyecho.v1.ComparisonService/*\"]"), @"/policyecho.v1.ComparisonService/AlignParagraphs /policyecho.v1.ComparisonService/Compare /policyecho.v1.ComparisonService/CompareStream /policyecho.v1.ComparisonService/DiffWords /policyecho.v1.ComparisonService/FindSharedPhrases");
    assert_eq!(rights("methods = [\"*\"]"), rights(""));
    assert_eq!(rights("methods = []"), "");
}

#[test]
fn what_was_used_of_a_rate_outlives_a_new_reading_of_the_same_rate() {
    let text = entry("office", "calls_per_minute = 1");
    let callers = list(&text).expect("right");
    assert_eq!(callers.0[0].allowance().take(), Ok(()));
    let again = Callers::read(Path::new("callers.toml"), text.as_bytes(), Some(&callers)).expect("right");
    assert!(again.0[0].allowance().take().is_err());
    let raised = entry("office", "calls_per_minute = 2");
    let raised = Callers::read(Path::new("callers.toml"), raised.as_bytes(), Some(&again)).expect("right");
    assert_eq!(raised.0[0].allowance().take(), Ok(()));
}

#[test]
fn moments_are_counted_from_1970() {
    let seconds = |text: &str| seconds_since_1970(&text.parse().expect("a moment"));
    assert_eq!(seconds("1970-01-01"), Some(0));
    assert_eq!(seconds("2000-02-29T12:00:00Z"), Some(951_825_600));
    assert_eq!(seconds("2027-01-31T08:00:00+08:00"), Some(1_801_353_600));
    assert_eq!(seconds("2027-01-31"), Some(1_801_353_600));
    assert_eq!(seconds("2027-01-31T00:00:00"), None);
    assert_eq!(seconds("1969-12-31"), None);
}

#[test]
fn no_list_tells_a_digest_in_its_debug_output() {
    let printed = format!("{:?}", list(&entry("office", "")).expect("right"));
    assert_eq!(printed, "Callers([Caller { name: \"office\", .. }])");
}
