//! TLS as the server speaks it: rustls, from version 1.2 on, HTTP/2 by ALPN, certificates of clients where they are asked
//! for.
//!
//! In: PEM files. Out: a configuration for connections. Always: where a client authority is given, nobody connects
//! without a certificate that it has issued and that is in date; where it lists what it has revoked, nobody with one of
//! those, and nobody of an authority without a list.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use super::key::digest;

/// Why certificates and keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// No certificate in a file.
    #[error("{}: holds no PEM certificate; a file with -----BEGIN CERTIFICATE----- is needed", path.display())]
    NoCertificate {
        /// The file.
        path: PathBuf,
    },
    /// No private key in a file.
    #[error("{}: holds no PEM private key; a file with -----BEGIN PRIVATE KEY----- is needed", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
    },
    /// No list of revoked certificates in a file.
    #[error("{}: holds no PEM list of revoked certificates; a file with -----BEGIN X509 CRL----- is needed", path.display())]
    NoRevocationList {
        /// The file.
        path: PathBuf,
    },
    /// An authority that is none.
    #[error("{}: a certificate cannot be an authority: {cause}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// What rustls says.
        cause: String,
    },
    /// Certificate and key do not go together, or are of a kind that is not known.
    #[error("{} and {}: cannot be used together: {cause}", certificate.display(), key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What rustls says.
        cause: rustls::Error,
    },
}

/// A file with its content.
pub(super) type NamedFile = (PathBuf, Vec<u8>);

/// Whose certificates clients may show.
#[derive(Debug)]
pub(super) struct ClientAuthority {
    /// The authorities.
    pub(super) authority: NamedFile,
    /// What they have revoked.
    pub(super) revoked: Option<NamedFile>,
}

/// Builds the configuration.
pub(super) fn server_config(
    certificate: &NamedFile,
    key: &NamedFile,
    clients: Option<&ClientAuthority>,
    offers_http1: bool,
) -> Result<ServerConfig, TlsError> {
    let chain = certificates(certificate)?;
    let private_key = PrivateKeyDer::from_pem_slice(&key.1).map_err(|_| TlsError::NoKey { path: key.0.clone() })?;
    let pair = |cause| TlsError::Pair { certificate: certificate.0.clone(), key: key.0.clone(), cause };
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(pair)?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(ClientAuthority { authority, revoked }) => {
            let wrong = |cause: String| TlsError::Authority { path: authority.0.clone(), cause };
            let mut roots = RootCertStore::empty();
            for root in certificates(authority)? {
                roots.add(root).map_err(|error| wrong(error.to_string()))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match revoked {
                None => verifier,
                Some(file) => verifier.with_crls(revocation_lists(file)?).only_check_end_entity_revocation(),
            };
            let verifier = verifier.build();
            builder.with_client_cert_verifier(verifier.map_err(|error| wrong(error.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, private_key).map_err(pair)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    if offers_http1 {
        config.alpn_protocols.push(b"http/1.1".to_vec());
    }
    Ok(config)
}

fn certificates((path, text): &NamedFile) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = || TlsError::NoCertificate { path: path.clone() };
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|_| none())?;
    if certificates.is_empty() { Err(none()) } else { Ok(certificates) }
}

fn revocation_lists((path, text): &NamedFile) -> Result<Vec<CertificateRevocationListDer<'static>>, TlsError> {
    let none = || TlsError::NoRevocationList { path: path.clone() };
    let lists: Vec<_> =
        CertificateRevocationListDer::pem_slice_iter(text).collect::<Result<_, _>>().map_err(|_| none())?;
    if lists.is_empty() { Err(none()) } else { Ok(lists) }
}

/// What a certificate is known by among the callers.
pub(in crate::service) fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    digest(certificate)
}
