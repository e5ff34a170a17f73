//! The bytes of a layer, unpacked as they are read: it is compressed with gzip, with zstd, or not at all.

use std::io::Read;

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use zlib_rs::{Inflate, InflateFlush, Status};

/// For gzip, with the largest window (<https://docs.rs/zlib-rs/latest/zlib_rs/struct.Inflate.html>).
const GZIP: u8 = 16 + 15;
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// The largest window of zstd, which is kept in memory: what its own program takes unasked
/// (<https://www.rfc-editor.org/rfc/rfc8878#name-window-descriptor>).
const MAX_WINDOW: u64 = 128 * 1024 * 1024;

/// The bytes of a layer.
pub(super) struct Unpacked<'a> {
    form: Form<'a>,
}

/// How the rest of a layer is written.
enum Form<'a> {
    Plain(&'a [u8]),
    Gzip(&'a [u8], Inflate),
    Zstd(Box<StreamingDecoder<&'a [u8], FrameDecoder>>),
    Ended,
}

impl<'a> Unpacked<'a> {
    /// What is in a layer.
    ///
    /// # Errors
    /// Why it cannot be unpacked.
    pub(super) fn new(input: &'a [u8]) -> Result<Self, String> {
        let form = if input.starts_with(&GZIP_MAGIC) {
            Form::Gzip(input, Inflate::new(true, GZIP))
        } else if is_zstd(input) {
            frame(input)?
        } else {
            Form::Plain(input)
        };
        Ok(Self { form })
    }

    /// Reads as much as there is and fits.
    ///
    /// # Errors
    /// Why it cannot be unpacked.
    pub(super) fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, String> {
        let mut filled = 0;
        while filled < buffer.len() && !matches!(self.form, Form::Ended) {
            filled += self.form.next(&mut buffer[filled..])?;
        }
        Ok(filled)
    }
}

impl<'a> Form<'a> {
    /// Reads some bytes, or learns that it has ended.
    fn next(&mut self, into: &mut [u8]) -> Result<usize, String> {
        match self {
            Self::Plain(input) => {
                let count = input.len().min(into.len());
                into[..count].copy_from_slice(&input[..count]);
                *input = &input[count..];
                if count == 0 {
                    *self = Self::Ended;
                }
                Ok(count)
            }
            Self::Gzip(input, inflate) => {
                let (before, made) = (inflate.total_in(), inflate.total_out());
                let status = inflate
                    .decompress(input, into, InflateFlush::NoFlush)
                    .map_err(|error| cannot_be_unpacked(error.as_str()))?;
                let counted = |after: u64, before: u64| usize::try_from(after - before).unwrap_or(0);
                let taken = counted(inflate.total_in(), before);
                let given = counted(inflate.total_out(), made);
                *input = &input[taken..];
                if status == Status::StreamEnd {
                    // What follows is another member, as pigz and eStargz write them.
                    *self = match *input {
                        rest if rest.starts_with(&GZIP_MAGIC) => Self::Gzip(rest, Inflate::new(true, GZIP)),
                        _ => Self::Ended,
                    };
                } else if taken == 0 && given == 0 {
                    return Err("it ends too early".to_owned());
                }
                Ok(given)
            }
            Self::Zstd(decoder) => {
                let count = decoder.read(into).map_err(|error| cannot_be_unpacked(&error.to_string()))?;
                if count == 0 {
                    *self = frame(decoder.get_ref())?;
                }
                Ok(count)
            }
            Self::Ended => Ok(0),
        }
    }
}

fn cannot_be_unpacked(why: &str) -> String {
    format!("it cannot be unpacked: {why}")
}

fn is_zstd(input: &[u8]) -> bool {
    input.starts_with(&ZSTD_MAGIC) || skippable(input).is_some()
}

/// The next frame that has content; what follows the last one is not looked at.
fn frame(mut input: &[u8]) -> Result<Form<'_>, String> {
    // As zstd:chunked has them, for what it knows of the files.
    while let Some(length) = skippable(input) {
        input = input.get(8 + length..).ok_or("it ends too early")?;
    }
    if !input.starts_with(&ZSTD_MAGIC) {
        return Ok(Form::Ended);
    }
    let decoder = StreamingDecoder::new_with_max_window_size(input, MAX_WINDOW);
    decoder
        .map(|decoder| Form::Zstd(Box::new(decoder)))
        .map_err(|error| cannot_be_unpacked(&error.to_string()))
}

/// How long a frame is that has nothing of the content.
fn skippable(input: &[u8]) -> Option<usize> {
    let number = |at: usize| Some(u32::from_le_bytes(input.get(at..at + 4)?.try_into().ok()?));
    let is_skippable = (0x184d_2a50..=0x184d_2a5f).contains(&number(0)?);
    number(4).filter(|_| is_skippable)?.try_into().ok()
}
