//! Judgement: the verdict on an image, assessments, sub-assessments, recommendations, plan and meter.
