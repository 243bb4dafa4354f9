CREATE TABLE keep (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE cursor (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE once (key TEXT PRIMARY KEY, at INTEGER NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE parked (
	id INTEGER PRIMARY KEY, message_id TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
	payload BLOB NOT NULL, at INTEGER NOT NULL, settled_at INTEGER
);
CREATE TABLE journal (
	entry INTEGER PRIMARY KEY, at INTEGER NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL, data BLOB NOT NULL,
	up_epoch INTEGER, up_seq INTEGER
);
CREATE UNIQUE INDEX journal_up ON journal (up_epoch, up_seq) WHERE up_seq IS NOT NULL;
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal is append only'); END;
INSERT INTO keep VALUES ('epoch', '1');
INSERT INTO keep VALUES ('grants', '0');
INSERT INTO keep VALUES ('code_key', lower(hex(randomblob(32))));
INSERT INTO keep VALUES ('session_key', lower(hex(randomblob(32))));

CREATE TABLE product (
	id INTEGER NOT NULL,
	name VARCHAR NOT NULL,
	supplier VARCHAR NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (name)
);
CREATE TABLE live_session (
	id VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	starts_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('draft', 'open', 'closed'))
)
 WITHOUT ROWID;
CREATE TABLE shop_order (
	no INTEGER NOT NULL,
	order_id VARCHAR NOT NULL,
	session_id VARCHAR NOT NULL,
	customer_id VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	placed_at INTEGER NOT NULL,
	paid_at INTEGER NOT NULL,
	accepted_at INTEGER NOT NULL,
	paid_fen INTEGER NOT NULL,
	refunded_fen INTEGER NOT NULL,
	refunds INTEGER NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	substitution VARCHAR NOT NULL,
	provider VARCHAR NOT NULL,
	transaction_id VARCHAR NOT NULL,
	note VARCHAR NOT NULL,
	PRIMARY KEY (no),
	CHECK (state = 'accepted' OR state = 'refused' OR state = 'cancelled'),
	CONSTRAINT never_refund_more_than_paid CHECK (refunded_fen >= 0 AND refunded_fen <= paid_fen),
	UNIQUE (order_id)
);
CREATE TABLE customer (
	id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	phone VARCHAR NOT NULL,
	door VARCHAR NOT NULL,
	first_seen INTEGER DEFAULT 0 NOT NULL,
	PRIMARY KEY (id)
)
 WITHOUT ROWID;
CREATE TABLE station (
	name VARCHAR NOT NULL,
	wave_id INTEGER,
	sku_id INTEGER,
	actor VARCHAR NOT NULL,
	refusal VARCHAR NOT NULL,
	text VARCHAR NOT NULL,
	scanned_at INTEGER NOT NULL,
	PRIMARY KEY (name)
)
 WITHOUT ROWID;
CREATE TABLE visit (
	id INTEGER NOT NULL,
	kiosk VARCHAR NOT NULL,
	order_no INTEGER,
	customer_id VARCHAR,
	outcome VARCHAR NOT NULL,
	facts VARCHAR NOT NULL,
	method VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	ends_at INTEGER NOT NULL,
	closed_at INTEGER,
	PRIMARY KEY (id),
	CHECK (closed_at IS NULL OR closed_at >= opened_at)
);
CREATE TABLE handover_line (
	id INTEGER NOT NULL,
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	parcel_id INTEGER NOT NULL,
	quantity INTEGER NOT NULL,
	method VARCHAR NOT NULL,
	actor VARCHAR NOT NULL,
	at INTEGER NOT NULL,
	visit_id INTEGER,
	PRIMARY KEY (id),
	CHECK (quantity > 0)
);
CREATE INDEX ix_handover_line_order_no ON handover_line (order_no);
CREATE TABLE print_job (
	id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	copy_no INTEGER NOT NULL,
	content VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	trouble VARCHAR NOT NULL,
	queued_at INTEGER NOT NULL,
	moved_at INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (state IN ('queued', 'sending', 'printed', 'doubtful', 'cancelled')),
	CHECK (kind IN ('label', 'receipt', 'test'))
);
CREATE INDEX ix_print_job_state ON print_job (state);
CREATE INDEX ix_print_job_subject ON print_job (subject);
CREATE TABLE shop_user (
	name VARCHAR NOT NULL,
	role VARCHAR NOT NULL,
	pin_hash VARCHAR NOT NULL,
	renewed INTEGER NOT NULL,
	PRIMARY KEY (name),
	CHECK (role IN ('owner', 'staff'))
)
 WITHOUT ROWID;
CREATE TABLE sku (
	id INTEGER NOT NULL,
	code VARCHAR NOT NULL,
	product_id INTEGER NOT NULL,
	spec VARCHAR NOT NULL,
	unit VARCHAR NOT NULL,
	barcode VARCHAR,
	zone VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	on_hand INTEGER NOT NULL,
	PRIMARY KEY (id),
	CHECK (price_fen >= 0),
	CHECK (on_hand >= 0),
	CHECK (zone IN ('ambient', 'chilled', 'frozen')),
	UNIQUE (code),
	FOREIGN KEY(product_id) REFERENCES product (id),
	UNIQUE (barcode)
);
CREATE TABLE wave (
	id INTEGER NOT NULL,
	session_id VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_at INTEGER NOT NULL,
	done_at INTEGER,
	PRIMARY KEY (id),
	CHECK (state IN ('open', 'done')),
	FOREIGN KEY(session_id) REFERENCES live_session (id)
);
CREATE TABLE session_item (
	session_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	limit_per_customer INTEGER,
	arrives_on VARCHAR,
	cap_set_by VARCHAR NOT NULL,
	offered INTEGER NOT NULL,
	minted INTEGER NOT NULL,
	free INTEGER NOT NULL,
	granted INTEGER NOT NULL,
	ordered INTEGER NOT NULL,
	quarantine INTEGER NOT NULL,
	handed_over INTEGER NOT NULL,
	void INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (session_id, sku_id),
	CONSTRAINT every_right_in_one_place CHECK (minted = free + granted + ordered + quarantine + handed_over + void),
	CONSTRAINT free_not_negative CHECK (free >= 0),
	CONSTRAINT granted_not_negative CHECK (granted >= 0),
	CONSTRAINT ordered_not_negative CHECK (ordered >= 0),
	CONSTRAINT quarantine_not_negative CHECK (quarantine >= 0),
	CONSTRAINT handed_over_not_negative CHECK (handed_over >= 0),
	CONSTRAINT void_not_negative CHECK (void >= 0),
	CHECK (kind IN ('on_hand', 'presale')),
	CHECK (limit_per_customer IS NULL OR limit_per_customer > 0),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE stock_grant (
	id VARCHAR NOT NULL,
	session_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	channel VARCHAR NOT NULL,
	price_fen INTEGER NOT NULL,
	issued INTEGER NOT NULL,
	remaining INTEGER NOT NULL,
	sold INTEGER NOT NULL,
	returned INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	sell_until INTEGER NOT NULL,
	PRIMARY KEY (id),
	CONSTRAINT every_granted_right_in_one_place CHECK (issued = remaining + sold + returned),
	CHECK (remaining >= 0 AND sold >= 0 AND returned >= 0),
	CHECK (state IN ('open', 'closed')),
	FOREIGN KEY(session_id) REFERENCES live_session (id),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE order_line (
	order_no INTEGER NOT NULL,
	line_no INTEGER NOT NULL,
	line_id VARCHAR NOT NULL,
	sku_id INTEGER NOT NULL,
	grant_id VARCHAR NOT NULL,
	quantity INTEGER NOT NULL,
	unit_price_fen INTEGER NOT NULL,
	put INTEGER NOT NULL,
	short INTEGER NOT NULL,
	cancelled INTEGER NOT NULL,
	handed_over INTEGER NOT NULL,
	parcel_id INTEGER,
	PRIMARY KEY (order_no, line_no),
	CHECK (quantity > 0 AND put >= 0 AND short >= 0 AND cancelled >= 0 AND handed_over >= 0),
	CONSTRAINT never_more_than_ordered CHECK (put + short + cancelled <= quantity),
	CONSTRAINT never_handed_over_twice CHECK (handed_over <= put),
	FOREIGN KEY(order_no) REFERENCES shop_order (no),
	FOREIGN KEY(sku_id) REFERENCES sku (id)
)
 WITHOUT ROWID;
CREATE TABLE parcel (
	id INTEGER NOT NULL,
	wave_id INTEGER NOT NULL,
	customer_id VARCHAR NOT NULL,
	window_from INTEGER NOT NULL,
	window_to INTEGER NOT NULL,
	zone VARCHAR NOT NULL,
	slot VARCHAR NOT NULL,
	place INTEGER NOT NULL,
	number INTEGER NOT NULL,
	of_total INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	ready_at INTEGER,
	handed_over_at INTEGER,
	PRIMARY KEY (id),
	CHECK (state IN ('sorting', 'ready', 'empty', 'handed_over')),
	CHECK (number BETWEEN 1 AND of_total),
	FOREIGN KEY(wave_id) REFERENCES wave (id),
	FOREIGN KEY(customer_id) REFERENCES customer (id)
);
CREATE INDEX ix_parcel_wave_id ON parcel (wave_id);
CREATE INDEX ix_parcel_customer_id ON parcel (customer_id);
CREATE INDEX order_line_by_parcel ON order_line (parcel_id, sku_id) WHERE parcel_id IS NOT NULL;
CREATE INDEX shop_order_by_session ON shop_order (session_id);
CREATE INDEX customer_by_phone ON customer (phone);
CREATE INDEX shop_order_by_customer ON shop_order (customer_id);
CREATE INDEX parcel_by_state ON parcel (state) WHERE state IN ('sorting', 'ready');
CREATE INDEX visit_open ON visit (kiosk) WHERE closed_at IS NULL;
