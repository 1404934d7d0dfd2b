//! What attached documents say of the vulnerabilities of an image: `/api/images/REFERENCE/vex`.
//!
//! Also those that are not believed, with the reason. What they silence stands beside the findings, as what rules hide.

use super::ApiState;
use super::error::ApiError;
use super::view::{Page, VexView};
use store::{ImageKey, VexReading};

/// The documents of an image.
pub(super) async fn of_image(state: &ApiState, image: &ImageKey) -> Result<Page<VexView>, ApiError> {
    let value = state.store.vex(image).await?.into_iter().map(view).collect();
    Ok(Page { value, next: None })
}

fn view(reading: VexReading) -> VexView {
    VexView {
        document: reading.document.to_string(),
        form: reading.form,
        believed: reading.signer.is_some(),
        signer: reading.signer,
        remark: reading.remark,
        statements: reading.statements,
        read_at: reading.read_at,
    }
}
