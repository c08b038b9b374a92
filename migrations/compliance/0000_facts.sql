CREATE TABLE `compliance_forks` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`held_hash` text NOT NULL,
	`seen_at` integer NOT NULL,
	`segment` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `compliance_forks_origin_seq_hash` ON `compliance_forks` (`origin`,`seq`,`hash`);--> statement-breakpoint
CREATE TABLE `compliance_freeze` (
	`id` integer PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`set_at` integer NOT NULL,
	`deadline` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `compliance_guard` (
	`id` integer PRIMARY KEY NOT NULL,
	`ok` integer NOT NULL,
	CONSTRAINT "compliance_guard_ok" CHECK("compliance_guard"."ok" = 1)
);
--> statement-breakpoint
CREATE TABLE `compliance_heads` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`jws` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `compliance_heads_origin_seq` ON `compliance_heads` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `compliance_journal` (
	`arrival` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`kind` text NOT NULL,
	`version` integer NOT NULL,
	`salt` text,
	`body` text,
	`body_hash` text,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `compliance_journal_origin_seq` ON `compliance_journal` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `compliance_marks` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`reason` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `compliance_marks_origin_seq` ON `compliance_marks` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `compliance_origins` (
	`origin` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`head_seq` integer NOT NULL,
	`certificate` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `compliance_projection` (
	`id` integer PRIMARY KEY NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `compliance_quarantine` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`kind` text NOT NULL,
	`version` integer NOT NULL,
	`salt` text,
	`body` text,
	`body_hash` text,
	`hash` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `compliance_quarantine_origin_seq_hash` ON `compliance_quarantine` (`origin`,`seq`,`hash`);--> statement-breakpoint
CREATE TABLE `fleet` (
	`device_id` text PRIMARY KEY NOT NULL,
	`last_seen` integer NOT NULL,
	`site_id` text NOT NULL,
	`state` text NOT NULL,
	`os_version` text NOT NULL,
	`reasons_json` text NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`users_json` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `fleet_last_seen` ON `fleet` (`last_seen`,`device_id`);--> statement-breakpoint
CREATE INDEX `fleet_site` ON `fleet` (`site_id`,`device_id`);--> statement-breakpoint
CREATE INDEX `fleet_state` ON `fleet` (`state`,`device_id`);--> statement-breakpoint
CREATE INDEX `fleet_os` ON `fleet` (`os_version`,`device_id`);--> statement-breakpoint
CREATE INDEX `fleet_name` ON `fleet` ("computer_name" COLLATE NOCASE,`device_id`);--> statement-breakpoint
CREATE INDEX `fleet_groups` ON `fleet` (`site_id`,`state`,`os_version`,`reasons_json`,`domain`,`device_id`);--> statement-breakpoint
CREATE TABLE `local_seen` (
	`device_id` text PRIMARY KEY NOT NULL,
	`counter` integer NOT NULL,
	`seen_at` integer NOT NULL,
	`rolled_up` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `local_trend` (
	`day` integer NOT NULL,
	`site_id` text NOT NULL,
	`state` text NOT NULL,
	`computers` integer NOT NULL,
	PRIMARY KEY(`day`, `site_id`, `state`)
);
--> statement-breakpoint
CREATE TABLE `seen` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`counter` integer NOT NULL,
	`seen_at` integer NOT NULL,
	PRIMARY KEY(`device_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `seen_origin` ON `seen` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `status_reports` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`counter` integer NOT NULL,
	`site_id` text NOT NULL,
	`reported_at` integer NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`make` text NOT NULL,
	`model` text NOT NULL,
	`os_version` text NOT NULL,
	`tpm_present` integer,
	`users_json` text NOT NULL,
	`policy_version` integer NOT NULL,
	`enforcement` text NOT NULL,
	`error` text,
	`state` text NOT NULL,
	`reasons_json` text NOT NULL,
	`facts_hash` text NOT NULL,
	PRIMARY KEY(`device_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `status_reports_origin` ON `status_reports` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `volumes` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`counter` integer NOT NULL,
	`volume_type` integer NOT NULL,
	`drive_letter` text,
	`protection_status` integer NOT NULL,
	`conversion_status` integer NOT NULL,
	`encryption_method` integer NOT NULL,
	`encryption_percentage` integer,
	`lock_status` integer NOT NULL,
	`protectors_json` text NOT NULL,
	`reasons_json` text NOT NULL,
	PRIMARY KEY(`device_id`, `volume_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `volumes_origin` ON `volumes` (`origin`,`seq`);