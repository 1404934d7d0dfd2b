//! Azure Resource Manager's wire forms: sign-in, plans, assessments, sub-assessments.
