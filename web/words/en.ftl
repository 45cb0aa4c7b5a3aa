### Every text of the pages. Codes come from the rules; words come from here.
### Texts of objections (obj-*) use variables only, no selectors: the page fills them in by itself.

## Objections: cart, person, session

obj-sign_on_first = Nobody is signed on here. Scan your badge.
    .head = STOP — sign on first
obj-clock_variance = This cart’s clock is { $minutes } min off. Do not chart here until it is set.
    .head = STOP — clock is wrong
obj-role_cannot_chart = Your role can look but not chart.
    .head = STOP — this role cannot chart
obj-instructor_missing = An instructor must sign on beside you.
    .head = STOP — instructor needed
obj-snapshot_old = This cart last heard from the server { $age } ago.
    .head = Old list — say why

## Objections: barcode

obj-barcode_malformed = The code did not read cleanly. Scan again.
    .head = STOP — scan again
obj-several_barcodes = Two labels were read at once. Scan one.
    .head = STOP — two codes in one read
obj-staff_badge_scanned = That is a staff badge. Scan the resident.
    .head = STOP — staff badge
obj-wrong_barcode_kind = That is not the kind of code expected here. Resident first, then the medication.
    .head = STOP — other kind of code
obj-barcode_unknown = This code is not known. Nothing has been charted.
    .head = STOP — unknown code

## Objections: resident

obj-no_resident_open = Scan the resident first.
    .head = STOP — no resident open
obj-wrong_resident = This belongs to another resident. Put it back. Nothing was charted.
    .head = STOP — not for this resident
obj-resident_deceased = Recorded as deceased. No dose can be charted.
    .head = STOP — recorded as deceased
obj-resident_discharged = Not a resident of this home at present.
    .head = STOP — not a resident now
obj-resident_absent = Recorded as away since { $since_at }. Has the resident come back?
    .head = STOP — recorded as away
obj-identity_keyed = Check name, face and birth date, and say why there was no scan.
    .head = Identity was typed — say why
obj-orders_unreviewed = These orders have not been reviewed since the return.
    .head = Orders not reviewed — say why
obj-resident_notice = { $notice }
    .head = Please note

## Objections: product against order

obj-lot_recalled = Recalled lot. Set it aside.
    .head = STOP — recalled lot
obj-lot_expired = Expired on { $expired }. Set it aside.
    .head = STOP — expired
obj-label_superseded = The order changed; this label is old. Use the new one.
    .head = STOP — old label
obj-wrong_drug = Not ordered for this resident. Put it back. Nothing was charted.
    .head = STOP — not ordered here
obj-wrong_form = Ordered as { $ordered }; this is { $scanned }.
    .head = STOP — other dose form
obj-wrong_strength = Ordered { $ordered }; this package is { $scanned }.
    .head = STOP — wrong strength
obj-units_to_give = Give { $halves } × { $strength } = { $dose }.
    .head = More than one to give
obj-units_short = { $scanned } of { $needed } scanned. Will be charted as partial.
    .head = Not all scanned — say why
obj-route_differs = The product’s usual route is not the ordered one.
    .head = Route differs
obj-order_choice_needed = { $count } orders fit; the one due first was taken.
    .head = More than one order fits

## Objections: order

obj-order_changed = The order changed meanwhile. The list has been read again.
    .head = LIST HAS CHANGED
obj-order_not_active = Waiting to be noted. Nothing can be given before.
    .head = STOP — order not active
obj-order_do_not_give = Marked do not give: { $why }
    .head = STOP — do not give
obj-order_held = On hold since { $since_at }: { $reason }
    .head = STOP — order on hold
obj-order_not_started = Starts { $starts_at }.
    .head = STOP — not started yet
obj-order_expired = Ended { $ended_at }. A new order is needed.
    .head = STOP — order has ended
obj-order_discontinued = Stopped { $since_at }. A new order is needed.
    .head = STOP — order was stopped
obj-order_replaced = Replaced; use the current order on the list.
    .head = STOP — order was replaced
obj-order_completed = Given once, as ordered, { $since_at }.
    .head = STOP — order is complete
obj-order_unverified = Not yet verified by a second person.
    .head = STOP — not verified
obj-order_unschedulable = No due time can be worked out: { $reason }
    .head = No due time — say why

## Objections: dose and time

obj-dose_changed = Charted meanwhile. The list has been read again.
    .head = LIST HAS CHANGED
obj-entry_in_progress = { $who } is charting this dose now.
    .head = STOP — being charted
obj-outcome_unknown = The { $time } entry was begun and never finished. Settle it first.
    .head = STOP — unfinished entry
obj-already_given = Given by { $by } at { $given_at }. Nothing was charted.
    .head = STOP — already given
obj-later_dose_given = A later dose was given at { $given_at }.
    .head = STOP — a later dose was given
obj-double_scan = This packet was already scanned. Nothing was charted.
    .head = STOP — same packet again
obj-previous_patch_on = The patch from { $since } is still recorded on the { $site }.
    .head = STOP — patch still on
obj-not_due = Next due { $next_at }.
    .head = STOP — nothing due now
obj-dose_early = { $minutes } min before the window opens.
    .head = Early — say why
obj-dose_late = { $minutes } min after the window closed.
    .head = Late — say why
obj-meal_relation_wrong = Ordered { $ordered } the meal; the meal began at { $at }.
    .head = Meal — say why
obj-retry = { $outcome } at { $at }. Offer again?
    .head = Offered before

## Objections: clinical

obj-allergy_match = Recorded reaction to { $ingredient }: { $reaction }. Nothing was charted.
    .head = STOP — ALLERGY
obj-same_ingredient_recent = { $ingredient } was given { $minutes } min ago from another order.
    .head = Same drug recently — say why
obj-ingredient_cap = { $taken } of { $cap } in 24 h. Next possible { $next }.
    .head = STOP — daily limit
obj-prn_too_soon = Next possible at { $next_at }.
    .head = STOP — too soon
obj-prn_max_reached = { $count } of { $most } in 24 h.
    .head = STOP — maximum reached
obj-hold_parameter_failed = { $reading }; hold { $rule }.
    .head = STOP — hold this dose
obj-reading_missing = { $reading } is needed first.
    .head = STOP — measure first

## Objections: handling, no scan, filing

obj-witness_required = A second authorised person must check.
    .head = Second nurse needed
obj-witness_invalid = This person cannot witness this dose.
    .head = STOP — another witness
obj-do_not_crush = Swallow whole: { $why }
    .head = Do not crush
obj-hazardous_drug = Gloves; special waste.
    .head = Hazardous to handle
obj-special_instruction = { $text }
    .head = Instruction
obj-code_keyed = Say why the code could not be scanned.
    .head = Typed, not scanned — say why
obj-drug_unscannable = Confirm resident, drug, dose, route and time, and say why.
    .head = Not scanned — say why
obj-prn_reason_missing = What is it given for?
    .head = PRN — what for?
obj-pot_unconfirmed = Doses in the pot: { $count }. Taken? Go back and press Enter. Else say what became of them.
    .head = Settle the pot first
obj-scan_spent = This scan came too late to count. Scan again.
    .head = STOP — scan again
obj-barcode_unsupported = This kind of code is known but not supported. Use Can’t scan (F6).
    .head = STOP — code not supported
obj-comment_missing = This reason needs a comment.
    .head = STOP — comment missing
obj-filing_failed = This was NOT recorded. Write it down and tell the charge nurse.
    .head = STOP — NOT RECORDED
obj-check_by_hand = This page cannot judge the scan. Check by hand; nothing was charted.
    .head = STOP — check by hand

## Verdicts that are not objections

said-resident_opened = Scan the medications.
    .head = { $name }
said-unit_scanned = { $drug } · give { $dose }
    .head = { $scanned } of { $needed } — scan one more
said-prepared = { $drug } · { $dose } · in the pot { $pot } of { $due }
    .head = In the pot
said-confirmed = { $count ->
    [one] 1 dose charted as given at { $at }.
   *[other] { $count } doses charted as given at { $at }.
 }
    .head = Given
said-undone = { $drug } is open again. The record stays, marked as undone.
    .head = Undone
said-charted = { $drug } · { $dose }
    .head = { $outcome }
said-settle_pot = { $count ->
    [one] 1 dose is in the pot. Taken? Enter. Then scan the wristband again.
   *[other] { $count } doses are in the pot. Taken? Enter. Then scan the wristband again.
 }
    .head = Settle the pot first
said-empty_pot = Scan a package first.
    .head = Nothing in the pot
said-ready = Scan a package, or a wristband for the next resident.
    .head = Ready
said-ready_round = Scan a wristband.
    .head = Ready

## Status

status-due = Due
status-late = Late
status-missed = Missed
status-given = Given
status-partial = Partial
status-held = Held
status-refused = Refused
status-not_given = Not given
status-prn = May give
status-next = Not yet

## Bedside

app = emar
bar-pass = Med pass · { $place }
bar-progress = { $done } of { $total } residents
bar-sign_off = Sign off
theme-night = Night
theme-day = Day
demo-mark = DEMO — invented data
link-live = Connected
link-lost = No contact
link-stale = LIST MAY BE STALE · { $seconds } s
link-wait = Connecting
age = { $years } y
room = Room
born = born
id = ID
code-status = Code status: { $code }
allergy = ALLERGY
allergies = ALLERGIES
allergy-none = No known allergies
allergy-unrecorded = ALLERGIES NOT RECORDED
slab-esc = Scan again
slab-or = or
how-scan = scan
how-scan_badge = scan + badge
how-units = { $scanned } of { $needed }
how-pot = in the pot
how-scanned = scanned
how-typed = typed
not-due = Ordered, not due now
doses = Doses due
doses-none = Nothing is due for this resident now.
act-taken = Taken
act-taken-none = scan first
act-taken-pot = { $pot } in the pot
act-refused = Refused
act-hold = Hold
act-unavailable = Not available
act-undo = Undo last
act-cant_scan = Can’t scan
act-list = Round list
round = Round list
round-left = { $count ->
    [one] 1 resident left
   *[other] { $count } residents left
 }
round-doses = { $count ->
    [one] 1 dose
   *[other] { $count } doses
 }
round-done = done
round-allergy = Allergies

## Sign-on

sign-title = Scan your badge
sign-read = Badge read
sign-pin = PIN
sign-pin-help = At least 6 digits, then Enter.
sign-go = Sign on
sign-other = or type its number
sign-unit = Unit

## Dialogs

ask-refused = Refused — why?
ask-held = Hold — why?
ask-not_given = Not given — why?
ask-warn = Say why before it counts
ask-digits = 1–9 chooses, Esc goes back.
ask-comment = Comment
ask-comment-needed = Comment (needed)
ask-file = Chart it
ask-go = Go on
ask-back = Back
scan-title = Can’t scan
scan-what = What cannot be scanned?
scan-band = Wristband
scan-package = Package
scan-why = Why?
scan-last4 = Last four characters printed under the code
scan-check = Check name, face and birth date; drug, dose, route and time.
scan-go = Look it up

## Reasons of outcomes

reason-REF = Refused by resident
reason-REF_TASTE = Refused: taste
reason-REF_SE = Refused: side effects
reason-HOLD_PARAM = Vital sign or lab outside the ordered limits
reason-HOLD_NURSE = Nursing judgement
reason-NPO = Nothing by mouth
reason-ASLEEP = Asleep, not woken
reason-NAUSEA = Nausea or vomiting
reason-UNAVAIL = Drug not available
reason-DAMAGED = Damaged or contaminated, no other at hand
reason-OUT_OF_DATE = Past its expiry date, no other at hand
reason-NO_IV = No access (IV or tube)
reason-UNSAFE = Cannot swallow or too drowsy
reason-APPT = At appointment or dialysis
reason-WASTED = Wasted: spat out or dropped
reason-OTHER = Other, see comment

## Reasons of overrides

why-resident_request = Resident asked
why-resident_away = Resident was away
why-meal = Meal time
why-procedure = Procedure or test
why-prescriber = Prescriber said so
why-clinical = Clinical need
why-workload = Workload or emergency
why-supply = Supply was late
why-other = Other, see comment
why-pain = Pain
why-anxiety = Anxiety or agitation
why-nausea = Nausea
why-fever = Fever
why-constipation = Constipation
why-breathing = Breathing
why-sleep = Sleep
why-itch = Itch
why-put_back = Put back, not given
why-give_later = Kept for later
why-damaged_label = Damaged medication label
why-damaged_wristband = Damaged wristband
why-no_barcode = No barcode
why-scanner_failure = Scanner failure
why-dose_discrepancy = Dose discrepancy
why-unable_to_determine = Unable to determine

## Problems

problem-network = No answer from the server. This was NOT recorded; try again.
problem-sign_on_failed = Badge and PIN do not match.
problem-scan_unread = Scan again, slower.

## Station

station-title = Station
station-live = Live · { $age } s
station-missed = Missed
station-late = Late
station-due = Due now
station-prn = PRN to check
station-given = Given
station-carts = Med pass by cart
station-square = one square = one resident, by room
station-progress = { $done } of { $total }
station-on_pace = on pace
station-behind = { $minutes } min behind
station-idle = no pass open
station-ends = ends { $at }
station-scan_ago = last scan { $ago } ago
station-heard_ago = heard { $ago } ago
station-never = not heard from yet
station-silent = silent { $for }
station-waiting = { $count } records may be waiting there
station-alerts = Alerts
station-open = { $count } open
station-alerts-none = No open alerts
station-prn-panel = PRN follow-up
station-prn-none = No checks outstanding
station-check_due = check due { $at }
station-take = Take
station-taken = Taken by { $who } · { $at }
station-escalates = escalates to { $to }
station-quiet = All quiet. Every cart was heard from in the last minute.
station-unheard = Nothing open here, but not heard from: { $carts }
station-no_carts = Nothing open here, but no cart is enrolled.
take-title = Take this alert
take-badge = Scan your badge, or type its number
take-go = Take it
take-note = Taken is not resolved: it ends when the dose is charted.

## Scanner simulator

sim-title = Scanner simulator
sim-lead = Demo only. A press puts the code into the scanner of { $cart }.
sim-badges = Badges
sim-bands = Wristbands
sim-packages = Packages
sim-commands = Command card
sim-raw = Any code
sim-send = Scan
sim-sent = Scanned
sim-pin = PIN { $pin }
