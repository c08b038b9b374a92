CREATE TABLE `account_events` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`action` text NOT NULL,
	`at` integer NOT NULL,
	`status` text NOT NULL,
	`failure` text,
	`staff_id` text,
	`method` text,
	`step` integer,
	`code_hash` text,
	`by_staff_id` text,
	`node_id` text NOT NULL,
	`node_name` text NOT NULL,
	`address` text,
	`offline_since` integer,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `account_events_at` ON `account_events` (`at`,`origin`,`seq`);--> statement-breakpoint
CREATE INDEX `account_events_staff` ON `account_events` (`staff_id`,`at`);--> statement-breakpoint
CREATE TABLE `audit` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`action` text NOT NULL,
	`at` integer NOT NULL,
	`source` text NOT NULL,
	`status` text NOT NULL,
	`failure` text,
	`staff_id` text NOT NULL,
	`staff_name` text NOT NULL,
	`staff_role` text NOT NULL,
	`end_user` text,
	`computer_name` text,
	`domain` text,
	`device_id` text,
	`volume_id` text,
	`key_id` text,
	`key_type` text,
	`commitment` text,
	`request_id` text,
	`break_glass_id` text,
	`other_id` text,
	`other_name` text,
	`reason` text,
	`verification` text,
	`note` text,
	`site_id` text,
	`node_id` text NOT NULL,
	`node_name` text NOT NULL,
	`address` text,
	`offline_since` integer,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `audit_key` ON `audit` (`key_id`);--> statement-breakpoint
CREATE INDEX `audit_at` ON `audit` (`at`,`origin`,`seq`);--> statement-breakpoint
CREATE INDEX `audit_device` ON `audit` (`device_id`);--> statement-breakpoint
CREATE INDEX `audit_request` ON `audit` (`request_id`) WHERE "audit"."request_id" is not null;--> statement-breakpoint
CREATE INDEX `audit_break_glass` ON `audit` (`break_glass_id`) WHERE "audit"."break_glass_id" is not null;--> statement-breakpoint
CREATE TABLE `config` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`kind` text NOT NULL,
	`id` text NOT NULL,
	`revision` integer NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`kind`, `id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `config_origin` ON `config` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `device_revocations` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`reason` text NOT NULL,
	PRIMARY KEY(`device_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `device_revocations_origin` ON `device_revocations` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `devices` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`site_id` text NOT NULL,
	`jkt` text NOT NULL,
	`claim` text NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`smbios_uuid` text NOT NULL,
	`serial` text NOT NULL,
	`make` text NOT NULL,
	`model` text NOT NULL,
	`os_version` text NOT NULL,
	PRIMARY KEY(`device_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `devices_origin` ON `devices` (`origin`,`seq`);--> statement-breakpoint
CREATE INDEX `devices_name` ON `devices` (`computer_name`);--> statement-breakpoint
CREATE INDEX `devices_smbios` ON `devices` (`smbios_uuid`,`serial`,`device_id`);--> statement-breakpoint
CREATE INDEX `devices_jkt` ON `devices` (`jkt`);--> statement-breakpoint
CREATE TABLE `edge_revocations` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`node_id` text NOT NULL,
	`name` text NOT NULL,
	`region_id` text NOT NULL,
	`site_id` text NOT NULL,
	`stolen` integer NOT NULL,
	`opens` integer NOT NULL,
	`reason` text NOT NULL,
	`at` integer NOT NULL,
	`part` integer NOT NULL,
	`parts` integer NOT NULL,
	`logs_json` text NOT NULL,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `escrows` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`commitment` text NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`volume_type` integer NOT NULL,
	`counter` integer NOT NULL,
	`site_id` text NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`users_json` text NOT NULL,
	`sealed_json` text NOT NULL,
	`package_json` text,
	`claim` text NOT NULL,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `escrows_key` ON `escrows` (`key_id`);--> statement-breakpoint
CREATE INDEX `escrows_device` ON `escrows` (`device_id`);--> statement-breakpoint
CREATE TABLE `exemption_answers` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`request_id` text NOT NULL,
	`approved` integer NOT NULL,
	`until` integer,
	`note` text,
	`at` integer NOT NULL,
	`staff_id` text NOT NULL,
	`staff_name` text NOT NULL,
	PRIMARY KEY(`request_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `exemption_answers_origin` ON `exemption_answers` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `exemption_requests` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`request_id` text NOT NULL,
	`device_id` text NOT NULL,
	`site_id` text NOT NULL,
	`computer_name` text NOT NULL,
	`end_user` text NOT NULL,
	`reason` text NOT NULL,
	`until` integer,
	`at` integer NOT NULL,
	`staff_id` text NOT NULL,
	`staff_name` text NOT NULL,
	PRIMARY KEY(`request_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `exemption_requests_origin` ON `exemption_requests` (`origin`,`seq`);--> statement-breakpoint
CREATE INDEX `exemption_requests_device` ON `exemption_requests` (`device_id`);--> statement-breakpoint
CREATE TABLE `forgotten` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`of_origin` text NOT NULL,
	`of_seq` integer NOT NULL,
	PRIMARY KEY(`of_origin`, `of_seq`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `forgotten_origin` ON `forgotten` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `imports` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`commitment` text NOT NULL,
	`source` text NOT NULL,
	`created_at` integer,
	`disclosed` integer NOT NULL,
	`staff_id` text NOT NULL,
	`device_id` text NOT NULL,
	`site_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`volume_type` integer NOT NULL,
	`computer_name` text NOT NULL,
	`domain` text NOT NULL,
	`users_json` text NOT NULL,
	`sealed_json` text NOT NULL,
	`package_json` text,
	PRIMARY KEY(`key_id`, `commitment`, `origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `imports_origin` ON `imports` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `local_notes` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `local_peers` (
	`node_id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`role` text NOT NULL,
	`site_id` text,
	`last_contact` integer NOT NULL,
	`vectors_json` text NOT NULL,
	`current_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `protector_keys` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	PRIMARY KEY(`key_id`, `device_id`, `volume_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `protector_keys_origin` ON `protector_keys` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `protectors` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`counter` integer NOT NULL,
	`key_ids_json` text NOT NULL,
	PRIMARY KEY(`device_id`, `volume_id`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `protectors_origin` ON `protectors` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `recovery_erasable` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`salt` text NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recovery_erasable_origin_seq` ON `recovery_erasable` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `recovery_forks` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`held_hash` text NOT NULL,
	`seen_at` integer NOT NULL,
	`segment` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recovery_forks_origin_seq_hash` ON `recovery_forks` (`origin`,`seq`,`hash`);--> statement-breakpoint
CREATE TABLE `recovery_freeze` (
	`id` integer PRIMARY KEY NOT NULL,
	`holder` text NOT NULL,
	`set_at` integer NOT NULL,
	`deadline` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `recovery_guard` (
	`id` integer PRIMARY KEY NOT NULL,
	`ok` integer NOT NULL,
	CONSTRAINT "recovery_guard_ok" CHECK("recovery_guard"."ok" = 1)
);
--> statement-breakpoint
CREATE TABLE `recovery_heads` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`jws` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recovery_heads_origin_seq` ON `recovery_heads` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `recovery_journal` (
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
CREATE UNIQUE INDEX `recovery_journal_origin_seq` ON `recovery_journal` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `recovery_marks` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`kind` text NOT NULL,
	`reason` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `recovery_marks_origin_seq` ON `recovery_marks` (`origin`,`seq`);--> statement-breakpoint
CREATE TABLE `recovery_origins` (
	`origin` text PRIMARY KEY NOT NULL,
	`seq` integer NOT NULL,
	`hash` text NOT NULL,
	`head_seq` integer NOT NULL,
	`certificate` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `recovery_projection` (
	`id` integer PRIMARY KEY NOT NULL,
	`version` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `recovery_quarantine` (
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
CREATE UNIQUE INDEX `recovery_quarantine_origin_seq_hash` ON `recovery_quarantine` (`origin`,`seq`,`hash`);--> statement-breakpoint
CREATE TABLE `refusals` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`of_origin` text NOT NULL,
	`of_seq` integer NOT NULL,
	`of_hash` text NOT NULL,
	`staff_id` text NOT NULL,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `releases` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`of_origin` text NOT NULL,
	`of_seq` integer NOT NULL,
	`of_hash` text NOT NULL,
	`staff_id` text NOT NULL,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `reseals` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`commitment` text NOT NULL,
	`device_id` text NOT NULL,
	`volume_id` text NOT NULL,
	`sealed_json` text NOT NULL,
	`package_json` text,
	PRIMARY KEY(`origin`, `seq`)
);
--> statement-breakpoint
CREATE INDEX `reseals_key` ON `reseals` (`key_id`);--> statement-breakpoint
CREATE TABLE `rotations` (
	`origin` text NOT NULL,
	`seq` integer NOT NULL,
	`hlc` integer NOT NULL,
	`key_id` text NOT NULL,
	`because` text NOT NULL,
	PRIMARY KEY(`key_id`, `because`, `origin`)
);
--> statement-breakpoint
CREATE INDEX `rotations_origin` ON `rotations` (`origin`,`seq`);