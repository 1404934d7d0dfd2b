//! X.509 certificates, as far as they stand for a program: a public key, and from when until when it is to be trusted.
//!
//! A program proves who it is by a signature that the key of its certificate verifies (RFC 7523). The certificate was
//! registered by somebody who may; its issuer, name and extensions mean nothing here, and no chain is built. So the few
//! fields that are needed are taken from the DER form (RFC 5280, section 4.1) by a reader that knows only lengths: every
//! step is bounded by what is left of the input.

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;

/// Longer than any certificate with an RSA key of 16384 bits.
const MAXIMUM_LENGTH: usize = 16 * 1024;
/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// The shortest modulus that is still trusted.
const LEAST_MODULUS_BITS: usize = 2048;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// Why a certificate cannot stand for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is not a certificate.
    #[error("this is not an X.509 certificate in DER form")]
    Malformed,
    /// Its key is none that is supported.
    #[error("the certificate's key is not RSA; make one with an RSA key of 2048 bits or more")]
    KeyKind,
    /// Its key is too short.
    #[error("the certificate's RSA key has less than {LEAST_MODULUS_BITS} bits; make one with a longer key")]
    KeyLength,
}

/// What is needed of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// `RSAPublicKey` in DER form.
    key: Vec<u8>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

impl Certificate {
    /// Reads a certificate in DER form.
    ///
    /// # Errors
    /// When it is none, or has a key that is not supported.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAXIMUM_LENGTH {
            return Err(CertificateError::Malformed);
        }
        let mut certificate = Reader(Reader(der).expect(SEQUENCE)?);
        let mut body = Reader(certificate.expect(SEQUENCE)?);
        if body.peek() == Some(VERSION) {
            body.any()?;
        }
        body.expect(INTEGER)?;
        body.expect(SEQUENCE)?;
        body.expect(SEQUENCE)?;
        let mut validity = Reader(body.expect(SEQUENCE)?);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        body.expect(SEQUENCE)?;
        let mut key_info = Reader(body.expect(SEQUENCE)?);
        let mut algorithm = Reader(key_info.expect(SEQUENCE)?);
        if algorithm.expect(OBJECT_IDENTIFIER)? != RSA_ENCRYPTION {
            return Err(CertificateError::KeyKind);
        }
        // The first byte counts the bits that are not used in the last one: none, for a whole structure.
        let key = key_info.expect(BIT_STRING)?.strip_prefix(&[0]).ok_or(CertificateError::Malformed)?;
        let modulus = Reader(Reader(key).expect(SEQUENCE)?).expect(INTEGER)?;
        let digits = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        if digits.len() * 8 < LEAST_MODULUS_BITS {
            return Err(CertificateError::KeyLength);
        }
        Ok(Self { key: key.to_vec(), not_before, not_after })
    }

    /// Whether it is valid at a moment.
    pub fn is_valid_at(&self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.not_after
    }

    pub(super) fn verifying(&self) -> DecodingKey {
        DecodingKey::from_rsa_der(&self.key)
    }
}

/// What is left to be read of a row of values.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// The next value: its tag and its content.
    fn any(&mut self) -> Result<(u8, &'a [u8]), CertificateError> {
        let wrong = CertificateError::Malformed;
        let (&tag, rest) = self.0.split_first().ok_or(wrong)?;
        let (&first, mut rest) = rest.split_first().ok_or(wrong)?;
        let length = match first {
            0..=0x7f => usize::from(first),
            // Two bytes of length are enough for every certificate that is not too long.
            0x81 | 0x82 => {
                let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f)).ok_or(wrong)?;
                rest = after;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return Err(wrong),
        };
        let (content, rest) = rest.split_at_checked(length).ok_or(wrong)?;
        self.0 = rest;
        Ok((tag, content))
    }

    fn expect(&mut self, tag: u8) -> Result<&'a [u8], CertificateError> {
        match self.any()? {
            (found, content) if found == tag => Ok(content),
            _ => Err(CertificateError::Malformed),
        }
    }

    /// `YYMMDDHHMMSSZ`, or with four digits for the year.
    fn time(&mut self) -> Result<Timestamp, CertificateError> {
        let wrong = CertificateError::Malformed;
        let (tag, content) = self.any()?;
        let text = str::from_utf8(content).map_err(|_| wrong)?;
        let (century, text) = match tag {
            UTC_TIME => (if text < "50" { "20" } else { "19" }, text),
            GENERALIZED_TIME => text.split_at_checked(2).ok_or(wrong)?,
            _ => return Err(wrong),
        };
        let digits = text.strip_suffix('Z').filter(|text| text.len() == 12).ok_or(wrong)?;
        let part = |at: usize| digits.get(at..at + 2).unwrap_or("");
        let [year, month, day, hour, minute, second] = [0, 2, 4, 6, 8, 10].map(part);
        format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z").parse().map_err(|_| wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::super::assertion::tests::{CERTIFICATE, der};
    use super::*;

    #[test]
    fn key_and_validity_are_read() {
        let certificate = Certificate::from_der(&der(CERTIFICATE)).unwrap();
        assert!(certificate.is_valid_at("2027-01-01T00:00:00Z".parse().unwrap()));
        assert!(!certificate.is_valid_at("2000-01-01T00:00:00Z".parse().unwrap()));
        assert!(certificate.not_after > certificate.not_before);
    }

    #[test]
    fn every_cut_and_every_changed_byte_is_read_or_refused() {
        let whole = der(CERTIFICATE);
        for length in 0..whole.len().min(700) {
            // What lies behind the key is not read.
            let _ = Certificate::from_der(&whole[..length]);
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7f, 0x80, 0x82, 0x84, 0xff] {
                let mut changed = whole.clone();
                changed[at] = byte;
                let _ = Certificate::from_der(&changed);
            }
        }
        assert_eq!(Certificate::from_der(b""), Err(CertificateError::Malformed));
        assert_eq!(Certificate::from_der(&[0x30; 20_000]), Err(CertificateError::Malformed));
        assert_eq!(
            Certificate::from_der(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
            Err(CertificateError::Malformed)
        );
    }
}
