# syntax=docker/dockerfile:1.7
# A static program in an image that holds nothing else: no shell, no library, no package to be patched.
# scripts/container_check.py runs what is built here the way the last stage says, without an engine for containers.

# Pinned by version; who needs more pins by digest: --build-arg RUST_IMAGE=rust@sha256:… The slim one has no make, which the
# allocator is built with.
ARG RUST_IMAGE=rust:1.95.0-bookworm

FROM ${RUST_IMAGE} AS build
WORKDIR /build
# Paths of the build machine are left out, so that equal sources give equal bytes in any folder.
ENV RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=/build=/source --remap-path-prefix=/usr/local/cargo=/cargo"

# Dependencies first, on sources that are empty, so that they are built again only when the lock file changes.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
# Cargo builds nothing of a package before it has seen the files of every declared target.
COPY benches benches
RUN mkdir src \
    && printf 'fn main() {}\n' > src/main.rs \
    && printf 'fn main() {}\n' > build.rs \
    && touch src/lib.rs \
    && cargo build --locked --release --target "$(uname -m)-unknown-linux-gnu" --bin policy-echo \
    && rm -rf src build.rs

COPY build.rs ./
COPY proto proto
COPY data data
COPY src src
# Cargo goes by times: sources older than the empty ones would pass for built.
RUN find src build.rs -exec touch {} + \
    && cargo build --locked --release --target "$(uname -m)-unknown-linux-gnu" --bin policy-echo \
    && cp "target/$(uname -m)-unknown-linux-gnu/release/policy-echo" /policy-echo

FROM scratch
LABEL org.opencontainers.image.title="policy-echo" \
      org.opencontainers.image.description="Compares Chinese policy documents over gRPC" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
COPY --from=build --chmod=0555 /policy-echo /policy-echo
COPY --chmod=0444 LICENSE NOTICE /
# Nobody: no name is needed where there is no /etc/passwd. The program writes nothing: the root may be read-only.
USER 65532:65532
ENV POLICY_ECHO_LISTEN=0.0.0.0:50051 \
    POLICY_ECHO_LOG_FORMAT=json
EXPOSE 50051
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["/policy-echo", "healthcheck"]
ENTRYPOINT ["/policy-echo"]
CMD ["serve"]
