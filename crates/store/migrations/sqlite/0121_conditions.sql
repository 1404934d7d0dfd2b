-- A role may be given under a condition, in the language of Azure's role assignments.
ALTER TABLE role_assignment ADD COLUMN condition TEXT;
