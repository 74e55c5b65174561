//! What a malware scan found, by the key of an object.

use domain::scan::ScanStatus;
use domain::{CompanyId, FileId, UserId};
use time::OffsetDateTime;
use tokio_postgres::types::Type;
use uuid::Uuid;

use crate::{Error, Inspected, Store};

/// Written on the upload for a completion that is still to come, and on the content for the files that it has; also on
/// equal content under another key, when this object was a duplicate of it. A finding that is older than the one that
/// is there changes nothing; of two at once the worse one holds.
const NOTE: &str = "
    with up as (
        update uploads set scan_status = $3, scanned_at = $4
        where company_id = $1 and key = $2
          and (scanned_at is null or scanned_at < $4 or scanned_at = $4 and $3 = 'infected')
        returning id
    ),
    same as (
        select expected || '/' || size as identity from uploads where company_id = $1 and key = $2
    ),
    content as (
        update blobs b set scan_status = $3, scanned_at = $4
        from same
        where b.company_id = $1 and (b.key = $2 or b.identity = same.identity)
          and (b.scanned_at is null or b.scanned_at < $4 or b.scanned_at = $4 and $3 = 'infected')
        returning b.id
    ),
    audited as (
        insert into audit_log (company_id, id, at, action, target_type, target_id, detail)
        select $1, $5, $4, 'file.infected', 'upload', id, jsonb_build_object('threats', $6::text[])
        from up where $3 = 'infected' 
    )
    select id from content";

/// The keys of the object's content: its own, and that of equal content.
const KEYS: &str = "
    select b.key from uploads up
    join blobs b on b.company_id = up.company_id and (b.key = up.key or b.identity = up.expected || '/' || up.size)
    where up.company_id = $1 and up.key = $2";

/// The uploader of a file, and whoever administers the company.
const CONCERNED: &str = "
    select uploader_id as id from files where company_id = $1 and id = $2
    union
    select id from users where company_id = $1 and role in ('owner', 'admin') and status = 'active'";

impl Store {
    /// Writes down what a scan found at `at` about the object `key`, in order with a completion that may be under way.
    /// Answers the keys of the content that it is about.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn note_scan(
        &self,
        object: &Inspected,
        key: &str,
        (status, threats): (ScanStatus, &[String]),
        at: OffsetDateTime,
        line: Uuid,
    ) -> Result<Vec<String>, Error> {
        let params = [
            (&object.company.0 as _, Type::UUID),
            (&key as _, Type::TEXT),
            (&status.as_str() as _, Type::TEXT),
            (&at as _, Type::TIMESTAMPTZ),
            (&line as _, Type::UUID),
            (&threats as _, Type::TEXT_ARRAY),
        ];
        let rows = self.note(object, NOTE, &params, KEYS).await?;
        rows.iter().map(|row| Ok(row.try_get("key")?)).collect()
    }

    /// Who is told in person of a finding about a file: its uploader and the company's administrators.
    ///
    /// # Errors
    /// When Postgres does not answer.
    pub async fn concerned(&self, company: CompanyId, file: FileId) -> Result<Vec<UserId>, Error> {
        let params = [(&company.0 as _, Type::UUID), (&file.0 as _, Type::UUID)];
        let rows = self.db().await?.rows(CONCERNED, &params).await?;
        rows.iter()
            .map(|row| Ok(UserId(row.try_get("id")?)))
            .collect()
    }
}
