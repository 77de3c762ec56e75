use super::*;
use futures_util::stream;
use http_body::Body as _;
use http_body_util::StreamBody;
use tonic::Code;

const MESSAGE_TIMEOUT: Duration = Duration::from_secs(10);

fn message(flag: u8, length: u32, payload: &[u8]) -> Vec<u8> {
    [&[flag][..], &length.to_be_bytes(), payload].concat()
}

const LIMITS: RequestLimits =
    RequestLimits { message_timeout: MESSAGE_TIMEOUT, compression_ratio: 100, max_message_bytes: 1 << 20 };

/// A request that sends the pieces, each after so many seconds, and then nothing for an hour.
fn request(encoding: &'static str, pieces: Vec<(u64, Vec<u8>)>) -> Body {
    let pieces = stream::unfold(pieces.into_iter(), |mut pieces| async move {
        let (seconds, piece) = pieces.next().unwrap_or((3600, Vec::new()));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Some((Ok::<_, Status>(Frame::data(Bytes::from(piece))), pieces))
    });
    let request = http::Request::builder().header("grpc-encoding", encoding);
    LIMITS.watch(request.body(Body::new(StreamBody::new(Box::pin(pieces)))).expect("a request")).into_body()
}

async fn next(body: &mut Body) -> Result<usize, Code> {
    let frame = std::future::poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await.expect("a frame");
    frame.map(|frame| frame.data_ref().map_or(0, Bytes::len)).map_err(|status| Status::from_error(status.into()).code())
}

/// The code that ends a request, and after how many seconds.
async fn check(encoding: &'static str, pieces: Vec<(u64, Vec<u8>)>) -> (Code, u64) {
    let begun = Instant::now();
    let mut body = request(encoding, pieces);
    loop {
        match next(&mut body).await {
            Ok(_) if begun.elapsed() >= Duration::from_secs(3600) => return (Code::Ok, begun.elapsed().as_secs()),
            Ok(_) => {}
            Err(code) => return (code, begun.elapsed().as_secs()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_stops_inside_a_message_is_let_go() {
    let late = |seconds| (Code::DeadlineExceeded, seconds);
    assert_eq!(check("", vec![]).await, late(10), "nothing at all");
    assert_eq!(check("", vec![(0, message(0, 9, b"abc"))]).await, late(10), "half a message");
    assert_eq!(check("", vec![(0, vec![0, 0])]).await, late(10), "half a prefix");
    let by_byte = (0..100).map(|_| (1, vec![7])).collect::<Vec<_>>();
    let trickle = [vec![(0, message(0, 1000, b""))], by_byte].concat();
    assert_eq!(check("", trickle).await.0, Code::DeadlineExceeded, "a byte a second");
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_be_silent_between_messages_and_slow_within_reason() {
    let whole = || message(0, 3, b"abc");
    let silent = vec![(0, whole()), (500, whole()), (500, whole())];
    assert_eq!(check("", silent).await.0, Code::Ok, "silence between messages");
    let slow = (0..60).map(|_| (2, vec![7; 2048])).collect::<Vec<_>>();
    let slow = [vec![(0, message(0, 60 * 2048, b""))], slow].concat();
    assert_eq!(check("", slow).await.0, Code::Ok, "1 KiB a second for two minutes");
}

#[tokio::test(start_paused = true)]
async fn a_bomb_is_found_before_it_is_unpacked() {
    let zeros = vec![0; 8 << 20];
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, &zeros).expect("writes");
        encoder.finish().expect("ends")
    };
    let zstd = zstd::encode_all(&zeros[..], 19).expect("packs");
    for (encoding, packed) in [("gzip", gzip), ("zstd", zstd)] {
        let length = packed.len() as u32;
        assert_eq!(check(encoding, vec![(0, message(1, length, &packed))]).await, (Code::ResourceExhausted, 0));
        assert_eq!(check(encoding, vec![(0, message(0, length, &packed))]).await.0, Code::Ok, "not said to be packed");
        let broken = vec![7; 40];
        assert_eq!(check(encoding, vec![(0, message(1, 40, &broken))]).await, (Code::Internal, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn small_messages_may_unpack_to_any_ratio() {
    let packed = zstd::encode_all(&vec![0; 60 << 10][..], 19).expect("packs");
    assert!(packed.len() < 100);
    let length = packed.len() as u32;
    assert_eq!(check("zstd", vec![(0, message(1, length, &packed))]).await.0, Code::Ok);
}
