//! What a setting is: a name in a section, a meaning, a type that can be read and shown, a default and a check.
//!
//! `settings!` turns the one declaration in `config` into the structs, their defaults and a visit of all settings in
//! order. Flags, environment variables, the file, the table in the documentation and `config check` are all made from
//! that visit, so a setting is declared once and nowhere else.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use toml::de::DeValue;

/// A type of settings. What cannot be read is answered with what is expected, to follow the setting's name.
pub trait Value: Sized {
    /// What is to be written, for help and documentation: `NUMBER`, `text|json`.
    const FORM: &'static str;
    /// Whether the value stands in quotes in the file.
    const QUOTED: bool = true;

    /// Reads a flag or an environment variable.
    fn from_text(text: &str) -> Result<Self, String>;

    /// The value as a flag would be written; `None` if it is not set. Secrets are masked.
    fn text(&self) -> Option<String>;

    /// Reads a value of the file.
    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value {
            DeValue::String(text) => Self::from_text(text),
            _ => Err("must be a string, in quotes".to_owned()),
        }
    }

    /// The value as the file would hold it; `None` if it is not set. Secrets are masked.
    fn toml(&self) -> Option<String> {
        let text = self.text()?;
        Some(if Self::QUOTED { quoted(&text) } else { text })
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            control if control.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(control))),
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl Value for $type {
            const FORM: &'static str = "NUMBER";
            const QUOTED: bool = false;

            fn from_text(text: &str) -> Result<Self, String> {
                text.parse().map_err(|_| format!("must be a whole number from 0 to {}", Self::MAX))
            }

            fn text(&self) -> Option<String> {
                Some(self.to_string())
            }

            fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
                let number = match value {
                    DeValue::Integer(number) => Self::from_str_radix(number.as_str(), number.radix()).ok(),
                    _ => None,
                };
                number.ok_or_else(|| format!("must be a whole number from 0 to {}, without quotes", Self::MAX))
            }
        }
    )*};
}
whole_numbers!(u16, u32, u64, usize);

impl Value for bool {
    const FORM: &'static str = "true|false";
    const QUOTED: bool = false;

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be true or false".to_owned())
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value {
            DeValue::Boolean(value) => Ok(*value),
            _ => Err("must be true or false, without quotes".to_owned()),
        }
    }
}

impl Value for SocketAddr {
    const FORM: &'static str = "ADDRESS:PORT";

    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be an IP address and a port, such as 127.0.0.1:50051 or [::1]:50051".to_owned())
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string())
    }
}

impl Value for String {
    const FORM: &'static str = "TEXT";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }

    fn text(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl Value for PathBuf {
    const FORM: &'static str = "FILE";

    fn from_text(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("must name a file".to_owned()) } else { Ok(text.into()) }
    }

    fn text(&self) -> Option<String> {
        Some(self.to_string_lossy().into_owned())
    }
}

/// A setting that may be left out.
impl<T: Value> Value for Option<T> {
    const FORM: &'static str = T::FORM;
    const QUOTED: bool = T::QUOTED;

    fn from_text(text: &str) -> Result<Self, String> {
        T::from_text(text).map(Some)
    }

    fn text(&self) -> Option<String> {
        self.as_ref().and_then(Value::text)
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        T::from_toml(value).map(Some)
    }

    fn toml(&self) -> Option<String> {
        self.as_ref().and_then(Value::toml)
    }
}

/// A list: strings in the file, one text with commas in a flag or an environment variable.
impl<T: Value> Value for Vec<T> {
    const FORM: &'static str = T::FORM;
    const QUOTED: bool = T::QUOTED;

    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::from_text).collect()
    }

    fn text(&self) -> Option<String> {
        if self.is_empty() {
            return None;
        }
        Some(self.iter().filter_map(Value::text).collect::<Vec<_>>().join(","))
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, String> {
        match value {
            DeValue::Array(list) => list.iter().map(|value| T::from_toml(value.get_ref())).collect(),
            _ => Err("must be a list, in brackets".to_owned()),
        }
    }

    fn toml(&self) -> Option<String> {
        Some(format!("[{}]", self.iter().filter_map(Value::toml).collect::<Vec<_>>().join(", ")))
    }
}

/// A text that is never shown: not by `config check`, not in a log, not by `Debug`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Value for Secret {
    const FORM: &'static str = "SECRET";

    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self(text.to_owned()))
    }

    fn text(&self) -> Option<String> {
        (!self.0.is_empty()).then(|| "***".to_owned())
    }
}

/// Implements [`Value`] for an enum: its variants and how they are written.
macro_rules! choices {
    ($type:ident: $first:ident = $first_word:literal $(, $variant:ident = $word:literal)*) => {
        impl $crate::service::config::setting::Value for $type {
            const FORM: &'static str = concat!($first_word $(, "|", $word)*);

            fn from_text(text: &str) -> Result<Self, String> {
                match text {
                    $first_word => Ok(Self::$first),
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("must be one of {}", Self::FORM.replace('|', ", "))),
                }
            }

            fn text(&self) -> Option<String> {
                Some(match self {
                    Self::$first => $first_word,
                    $(Self::$variant => $word,)*
                }.to_owned())
            }
        }
    };
}
pub(crate) use choices;

/// What is declared of a setting beside its value.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// The section of the file it stands in.
    pub section: &'static str,
    /// Its key in that section; no two settings share one, whichever their sections.
    pub name: &'static str,
    /// What it means, for help and documentation.
    pub meaning: &'static str,
    /// What is to be written.
    pub form: &'static str,
}

impl Declared {
    /// The flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.replace('_', "-")
    }

    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.name.to_uppercase())
    }

    /// Section and name, as messages name the setting.
    pub fn key(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// What is to be written, with the unit where the name ends in one.
    pub fn form_with_unit(&self) -> &'static str {
        match (self.form, self.name) {
            ("NUMBER", name) if name.ends_with("_ms") => "MS",
            ("NUMBER", name) if name.ends_with("_bytes") => "BYTES",
            (form, _) => form,
        }
    }
}

/// How every environment variable of ours begins.
pub const VARIABLE_PREFIX: &str = "POLICY_ECHO_";

/// The value of a setting, to read or to set.
pub trait Entry {
    /// Sets it from a flag or an environment variable.
    fn set_text(&mut self, text: &str) -> Result<(), String>;
    /// Sets it from the file.
    fn set_toml(&mut self, value: &DeValue<'_>) -> Result<(), String>;
    /// As a flag would be written; `None` if it is not set.
    fn text(&self) -> Option<String>;
    /// As the file would hold it; `None` if it is not set.
    fn toml(&self) -> Option<String>;
}

/// A check of one value: what is wrong with it, to follow the setting's name.
pub(super) type Check<T> = fn(&T) -> Result<(), String>;

/// A value with its checks.
pub(super) struct Checked<'a, T> {
    pub(super) value: &'a mut T,
    pub(super) checks: &'a [Check<T>],
}

impl<T> Checked<'_, T> {
    fn set(&mut self, read: Result<T, String>) -> Result<(), String> {
        let value = read?;
        self.checks.iter().try_for_each(|check| check(&value))?;
        *self.value = value;
        Ok(())
    }
}

impl<T: Value> Entry for Checked<'_, T> {
    fn set_text(&mut self, text: &str) -> Result<(), String> {
        self.set(T::from_text(text))
    }

    fn set_toml(&mut self, value: &DeValue<'_>) -> Result<(), String> {
        self.set(T::from_toml(value))
    }

    fn text(&self) -> Option<String> {
        self.value.text()
    }

    fn toml(&self) -> Option<String> {
        self.value.toml()
    }
}

/// A check that a number lies within bounds, both included.
pub(super) fn within<N: PartialOrd + fmt::Display>(number: &N, least: N, most: N) -> Result<(), String> {
    if (&least..=&most).contains(&number) { Ok(()) } else { Err(format!("must be from {least} to {most}")) }
}

/// Declares the sections: the structs, `Config` that holds them, the defaults, and `Config::visit`.
macro_rules! settings {
    ($(
        $(#[doc = $about:literal])+
        [$section:ident] $struct:ident {
            $(
                $(#[doc = $meaning:literal])+
                $name:ident: $type:ty = $default:expr $(, $check:expr)?;
            )+
        }
    )+) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $struct {
                $($(#[doc = $meaning])+ pub $name: $type,)+
            }

            impl Default for $struct {
                fn default() -> Self {
                    Self { $($name: $default,)+ }
                }
            }
        )+

        /// Settings of the server, by section.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config {
            $($(#[doc = $about])+ pub $section: $struct,)+
        }

        impl Config {
            /// Shows every setting to `visitor`, in the order of their declaration.
            pub fn visit(&mut self, visitor: &mut dyn FnMut(&setting::Declared, &mut dyn setting::Entry)) {
                $($(
                    let checks: &[setting::Check<$type>] = &[$($check)?];
                    visitor(
                        &setting::Declared {
                            section: stringify!($section),
                            name: stringify!($name),
                            meaning: concat!($($meaning),+).trim_ascii(),
                            form: <$type as setting::Value>::FORM,
                        },
                        &mut setting::Checked { value: &mut self.$section.$name, checks },
                    );
                )+)+
            }

            /// What the file's sections are for, in the order of their declaration.
            pub const SECTIONS: &[(&str, &str)] =
                &[$((stringify!($section), concat!($($about),+).trim_ascii())),+];
        }
    };
}
pub(super) use settings;
