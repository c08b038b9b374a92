CREATE TABLE `compliance_freeze` (
	`id` integer PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`set_at` integer NOT NULL,
	`deadline` integer NOT NULL
);
