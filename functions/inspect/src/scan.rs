//! What GuardDuty's Malware Protection for S3 sends through EventBridge.

use domain::scan::ScanStatus;
use serde::Deserialize;
use time::OffsetDateTime;

/// A `GuardDuty Malware Protection Object Scan Result`, as far as it matters here.
#[derive(Debug, Clone, Deserialize)]
pub struct ScanResult {
    /// When the scan was done.
    #[serde(rename = "time", with = "wire::rest::timestamp")]
    pub at: OffsetDateTime,
    detail: Detail,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail {
    s3_object_details: Object,
    scan_result_details: Details,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Object {
    object_key: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    scan_result_status: String,
    threats: Option<Vec<Threat>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Threat {
    name: String,
}

impl ScanResult {
    /// The object's key; not encoded, other than in S3's own events.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.detail.s3_object_details.object_key
    }

    /// What it means; `None` when the scan came to nothing.
    #[must_use]
    pub fn status(&self) -> Option<ScanStatus> {
        ScanStatus::from_guardduty(self.said())
    }

    /// What the scanner said.
    #[must_use]
    pub fn said(&self) -> &str {
        &self.detail.scan_result_details.scan_result_status
    }

    /// The names of what was found.
    #[must_use]
    pub fn threats(&self) -> Vec<String> {
        let threats = self.detail.scan_result_details.threats.iter().flatten();
        threats.map(|threat| threat.name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Input;

    #[test]
    fn r_f6_what_guardduty_sends_is_read() {
        let event = r#"{
            "version": "0", "id": "72c7d362-737a-6dce-fc78-9e27a0171419",
            "detail-type": "GuardDuty Malware Protection Object Scan Result", "source": "aws.guardduty",
            "account": "111122223333", "time": "2026-02-28T01:01:01Z", "region": "ap-northeast-2",
            "resources": ["arn:aws:guardduty:ap-northeast-2:111122223333:malware-protection-plan/b4c7f464ab3a4EXAMPLE"],
            "detail": {
                "schemaVersion": "1.0", "scanStatus": "COMPLETED", "resourceType": "S3_OBJECT",
                "s3ObjectDetails": {
                    "bucketName": "maru-files", "objectKey": "company/blob", "eTag": "ASIAI44QH8DHBEXAMPLE",
                    "versionId": "d41d8cd98f00b204e9800998eEXAMPLE", "s3Throttled": false
                },
                "scanResultDetails": {
                    "scanResultStatus": "THREATS_FOUND", "threats": [{"name": "EICAR-Test-File (not a virus)"}]
                }
            }
        }"#;
        let Input::Scanned(result) = serde_json::from_str(event).unwrap() else {
            panic!("not taken for a scan");
        };
        assert_eq!(result.key(), "company/blob");
        assert_eq!(result.status(), Some(ScanStatus::Infected));
        assert_eq!(result.threats(), ["EICAR-Test-File (not a virus)"]);
        let clean = event
            .replace("THREATS_FOUND", "NO_THREATS_FOUND")
            .replace(r#"[{"name": "EICAR-Test-File (not a virus)"}]"#, "null");
        let Input::Scanned(result) = serde_json::from_str(&clean).unwrap() else {
            panic!("not taken for a scan");
        };
        assert_eq!(result.status(), Some(ScanStatus::Clean));
        assert!(result.threats().is_empty());
    }

    #[test]
    fn r_u8_what_s3_sends_is_not_taken_for_a_scan() {
        let event = r#"{"Records":[{"s3":{"object":{"key":"a%2Fb"}}}]}"#;
        assert!(matches!(serde_json::from_str(event), Ok(Input::Created(_))));
        assert!(serde_json::from_str::<Input>(r#"{"neither": 1}"#).is_err());
    }
}
