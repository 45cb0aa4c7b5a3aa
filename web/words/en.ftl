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
obj-resident_absent = Recorded as away since { $since_at } ({ $reason }). Has the resident come back?
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
obj-units_short = { $scanned } of { $needed } scanned. Scan the rest. Else: taken now, it is charted as partial; at the next resident it goes back.
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
obj-order_do_not_give = Marked do not give by { $by }: { $reason }
    .head = STOP — do not give
obj-order_held = On hold since { $since_at }: { $reason }
    .head = STOP — order on hold
obj-order_not_started = Starts { $starts_at }.
    .head = STOP — not started yet
obj-order_expired = Ended { $ended_at }. A new order is needed.
    .head = STOP — order has ended
obj-order_discontinued = Stopped { $since_at }. A new order is needed.
    .head = STOP — order was stopped
obj-order_in_error = Entered in error, withdrawn { $since_at }. It never was meant: do not give it.
    .head = STOP — order entered in error
obj-order_replaced = Replaced; use the current order on the list.
    .head = STOP — order was replaced
obj-order_completed = Given once, as ordered, { $since_at }.
    .head = STOP — order is complete
obj-order_unverified = Not yet verified by a second person.
    .head = STOP — not verified
obj-order_unschedulable = No due time can be worked out: { $reason }
    .head = No due time — say why

## Objections: to an order itself

obj-dose_contradiction = The order says { $dose }, its text says "{ $text }". Ask who wrote it which one holds.
    .head = STOP — number and text differ
obj-dose_unusual = { $dose } at once, where { $most } is the most there can be. Check the number and the unit.
    .head = STOP — far too much at once
obj-dose_high = { $dose } at once is more than { $most }. Check the number and the unit, or say why it is so much.
    .head = Very much at once — say why
obj-dose_unfit = { $dose } cannot be made from { $form } of { $strength }. Check number, unit and strength.
    .head = STOP — no count makes this dose
obj-methotrexate_not_weekly = Methotrexate by mouth is weekly, on a named day; daily only against cancer. Name the day, or the indication.
    .head = STOP — methotrexate is weekly
obj-prn_incomplete = A PRN order says what for, how far apart at least and how often a day at most. Missing: { $missing }.
    .head = STOP — PRN order is not complete
obj-psychotropic_no_end = Nobody said when this ends, so it ends { $ends_at }: a psychotropic when needed runs 14 days at most. Ask the prescriber for an end, or say why.
    .head = No stop date — say why
obj-duplicate_order = { $drug } is ordered already. Say why there are two.
    .head = Ordered twice — say why
obj-same_ingredient_ordered = { $drug } has the same ingredient. Say why there are two.
    .head = Same ingredient — say why
obj-abbreviation_unsafe = "{ $text }" was misread before. Write: { $use }. Or say why it stays.
    .head = Easily misread — say why

## Objections: dose and time

obj-dose_changed = Charted meanwhile. The list has been read again.
    .head = LIST HAS CHANGED
obj-entry_in_progress = { $who } is charting this dose now.
    .head = STOP — being charted
obj-outcome_unknown = The { $time } entry was begun and never finished. Settle it first.
    .head = STOP — unfinished entry
obj-already_given = Given by { $by } at { $given_at }. Nothing was charted.
    .head = STOP — already given
obj-possible_double_dose = Given by { $by } at { $given_at } already. What you confirmed is kept too: possible double dose. Tell the charge nurse.
    .head = STOP — possible double dose
obj-later_dose_given = A later dose was given at { $given_at }.
    .head = STOP — a later dose was given
obj-double_scan = This packet was already scanned. Nothing was charted.
    .head = STOP — same packet again
obj-in_another_pot = In the pot since { $prepared_at }, put there by { $by } at another cart. Nothing was charted.
    .head = STOP — already prepared
obj-previous_patch_on = What was put on { $since_at } is still recorded as on; it was to come off { $off_at }. Take it off and chart that first.
    .head = STOP — patch still on
obj-not_due = Next due { $next_at }.
    .head = STOP — nothing due now
obj-dose_early = { $minutes } min before the window opens.
    .head = Early — say why
obj-dose_late = { $minutes } min after the window closed.
    .head = Late — say why
obj-removal_early = It comes off at { $off_at }. Say why it comes off now, or that it fell off.
    .head = Early removal — say why
obj-removal_late = It was to come off at { $off_at }.
    .head = Late removal — say why
obj-meal_relation_wrong = Ordered { $ordered } { $meal }; the meal began at { $meal_at }.
    .head = Meal — say why
obj-retry = { $outcome } at { $at }. Offer again?
    .head = Offered before

## Objections: clinical

obj-allergy_match = Recorded reaction to { $ingredient }: { $reaction }. Nothing was charted.
    .head = STOP — ALLERGY
obj-same_ingredient_recent = { $drug }, another order of the ingredient, { $minutes } min ago: { $outcome }.
    .head = Same drug recently — say why
obj-other_patch_on = { $drug } of another order is recorded as on; it comes off { $off_at }.
    .head = Same drug on the body — say why
obj-ingredient_uncounted = Not every { $ingredient } of the last 24 h can be added up; the limit is { $cap }. Check the record.
    .head = Total not known
obj-prn_blocks_scheduled = The { $due_at } dose of { $ingredient } would then exceed its day’s limit of { $cap }.
    .head = Leaves no room
obj-ingredient_cap = { $taken } of { $cap } { $ingredient } in 24 h. Next possible at { $next_at }.
    .head = STOP — daily limit
obj-prn_too_soon = Next possible at { $next_at }.
    .head = STOP — too soon
obj-prn_max_reached = { $count } of { $most } in 24 h. Next possible at { $next_at }.
    .head = STOP — maximum reached
obj-reading_missing = Needed first: { $reading }. Measure it and scan again, or hold the dose.
    .head = STOP — measure first
obj-reading_stale = The last { $reading } is { $minutes } minutes old; this order allows { $limit }. Take it again, or hold the dose.
    .head = STOP — measure again
obj-hold_parameter_failed = Measured: { $reading } { $value }. Hold { $op } { $bound }. Hold the dose, or ask the prescriber.
    .head = STOP — hold this dose
obj-scale_action = Measured: { $reading } { $value }. The scale says: { $action }. What the prescriber orders instead is an order of its own.
    .head = STOP — no units by the scale


## Objections: handling, no scan, filing

obj-witness_required = A second authorised person must check this dose before it is prepared.
    .head = Second nurse needed
obj-witness_invalid = This person cannot witness this dose. Ask somebody else who may give it.
    .head = STOP — another witness
obj-do_not_crush = Swallow whole: { $why }
    .head = Do not crush
obj-hazardous_drug = Gloves; special waste.
    .head = Hazardous to handle
obj-special_instruction = { $text }
    .head = Instruction
obj-covert_giving = Given without the resident's knowledge. Ground: { $reference }. Review by { $review }.
    .head = Covert giving
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
said-undone = Taken back out. Nothing was charted.
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
status-removed = Taken off
status-self_managed = Self-managed
status-prn = May give
status-next = Not yet
status-away = Away
status-withdrawn = Withdrawn

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
how-remove = Taken off
how-scanned = scanned
how-typed = typed
never-due = Ordered, without a due time
row-no_time = no time
row-never_due = No due time can be worked out: { $why }. Tell the charge nurse; the order must be changed.
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

second-title = Second person
second-note = Work out the dose from the order before you look at the pot.
second-badge = Badge: scan it, or type its number
second-pin = PIN
second-amount = The dose you find, with its unit
second-go = I checked it
second-nobody = Nobody else is here
second-why = Why nobody else is here
second-alone = Give it alone
ask-refused = Refused — why?
ask-held = Hold — why?
ask-not_given = Not given — why?
ask-removed = Taken off — why now?
ask-warn = Say why before it counts
ask-digits = 1–9 chooses, Esc goes back.
ask-comment = Comment
ask-comment-needed = Comment (needed)
ask-file = Chart it
ask-go = Go on
ask-contact = Give: the prescriber was asked — write who, when and what they said
measure-title = Measure first
measure-hint = Digits, then Enter. One entry serves every dose of this pass; Esc goes back.
measure-go = Record and go on
measure-last = last { $last }
measure-need = Enter what the instrument shows.
how-measure = measure
measure-hold = { $drug }: hold { $op } { $bound }
measure-scale = { $drug }: units by scale
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
why-both_meant = Both are meant
why-replaces = Replaces the other, which will be stopped
why-other_time = Another time or route of the same course
why-pharmacist = Pharmacist has agreed
why-put_back = Put back, not given
why-give_later = Kept for later
why-fell_off = It fell off
why-read = Read and followed
why-decision_stands = The decision stands, review is asked for
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

## Routes

route-po = by mouth
route-sl = under the tongue
route-buc = inside the cheek
route-gtube = by gastrostomy tube
route-ngtube = by nasogastric tube
route-jtube = by jejunostomy tube
route-pr = rectally
route-pv = vaginally
route-top = on the skin
route-td = patch on the skin
route-subcut = under the skin (injection)
route-im = into muscle
route-id = into the skin
route-iv = into a vein
route-inh = inhaled
route-neb = nebulised
route-nas = in the nose
route-oph = in the eye
route-otic = in the ear
route-swish = swish and swallow
route-wnd = on a wound
route-irr = bladder irrigation

## Frequencies

freq-daily = once daily
freq-qam = every morning
freq-qpm = every evening
freq-qhs = at bedtime
freq-bid = twice daily
freq-tid = three times daily
freq-qid = four times daily
freq-5xd = five times daily while awake
freq-q12h = every 12 hours
freq-q8h = every 8 hours
freq-q6h = every 6 hours
freq-q4h = every 4 hours
freq-q3h = every 3 hours
freq-q2h = every 2 hours
freq-q1h = every hour
freq-achs = before each meal and at bedtime
freq-ac = before meals, three times daily
freq-pc = after meals, three times daily
freq-withmeals = with meals, three times daily
freq-acbk = before breakfast
freq-qod = every other day
freq-q3d = every 3 days
freq-q72h = every 72 hours
freq-mwf = Monday, Wednesday and Friday
freq-tts = Tuesday, Thursday and Saturday
freq-weekly = once weekly
freq-biw = twice weekly
freq-tiw = three times weekly
freq-q2w = every 2 weeks
freq-monthly = monthly
freq-q28d = every 28 days
freq-q3mo = every 3 months
freq-cycle = some days on, some days off
freq-taper = stepped doses
freq-qshift = once each shift
freq-prn = as needed
freq-stat = at once
freq-once = one time
freq-cont = continuous
freq-patch12 = patch on 12 hours, off 12 hours
freq-ampass = with the morning pass
freq-hspass = with the bedtime pass

## The due list

day-mon = Mon
day-tue = Tue
day-wed = Wed
day-thu = Thu
day-fri = Fri
day-sat = Sat
day-sun = Sun
row-prn = PRN
row-on_call = On call
row-on_call_once = On call, once
row-running = Running
row-self-prompted = resident takes it when reminded
row-self-checked = resident takes it, staff check
row-covert = covert: { $reference }, review { $review }
row-measure = measure first: { $reading }
tie-before-breakfast = before breakfast
tie-before-lunch = before lunch
tie-before-dinner = before dinner
tie-with-breakfast = with breakfast
tie-with-lunch = with lunch
tie-with-dinner = with dinner
tie-after-breakfast = after breakfast
tie-after-lunch = after lunch
tie-after-dinner = after dinner
tie-bedtime = at bedtime
round-unrecorded = not recorded
row-after = { $for } after its time
row-charted = charted { $at } { $who }
row-unverified = not yet verified by a second person
row-other_pot = in the pot of another cart
row-last = last { $at }
row-count = { $count } of { $most } in 24 h
units-half = half a { $piece }
amount-by_scale = by scale
amount-by_steps = by steps
amount-by_weekday = by weekday
amount-in_turn = in turn
listed-draft = waiting to be noted
listed-held = on hold since { $at }
listed-held_from = on hold from { $at } on
listed-held_until = on hold from { $at } to { $until }
listed-do_not_give = marked do not give { $at } { $who }: { $why }
listed-not_started = starts { $at }
listed-unschedulable = no due time can be worked out: { $why }
fault-no_times = no time of day is named
fault-list_too_long = a list in it is too long
fault-list_empty = a list in it is empty
fault-length_out_of_range = a length in it is nothing or far too long
fault-anchor_date_missing = the date from which days are counted is missing
fault-monthly_rule = it does not say on which day of the month
fault-overflow_missing = it does not say what happens in months without that day
fault-step_length = its steps do not say how long each lasts, all in days or all in doses
fault-two_dose_rules = it names its doses in more than one way
fault-dose_of_day_missing = on one of its weekdays no dose is named
fault-count_without_start = it counts doses and does not say from when
fault-too_long = it has more doses than can be planned
fault-no_dose_to_come = as it is written, no dose ever comes
listed-next = next { $at }
listed-charted_next = { $outcome } { $given }, next { $at }
listed-planning = due, its dose is being planned; look again in a moment
listed-none = no further dose is planned
listed-too_soon = next possible at { $at }
listed-unverified = waiting for a second person to verify it
listed-away-hospital = in hospital since { $at }
listed-away-leave = on leave since { $at }
listed-away-day_release = out for the day since { $at }
listed-until = until { $at }
listed-left = the resident does not live here any more
listed-charted_last = { $outcome } { $given }, no further dose is planned
listed-why = Why is this not due?
listed-why_prn = Why may this not be given now?
listed-self_managed = kept and taken by the resident
listed-running = runs from { $at } on
listed-running_until = runs from { $at } until { $until }

## The board

pass-morning = morning pass
pass-noon = noon pass
pass-evening = evening pass
pass-night = night pass
board-no_pass = between passes
alert-more = + { $count } more
alert-unwitnessed = Given without a second person
alert-double = Possible double dose
alert-order = Order cannot be planned
alert-due = due { $at }
alert-since = raised { $at }
alert-quiet = quiet until { $at }
alert-critical = time-critical
escalate-2 = charge nurse in { $in }
escalate-3 = on call in { $in }
start-title = Carts and stations

## Refusals: what, why, what next

from_room = It belongs in room { $room }.
refusal-witness_differs = The second person found another dose. Nothing was prepared. Both look at the order and the package again, then check again.
refusal-already_given = Not charted: this dose was given by { $by } at { $given_at }. Look at the new list.
refusal-already_charted = Not charted: { $by } charted this dose at { $given_at } ({ $outcome }). To change it, correct that record.
refusal-not_prepared = Not charted as given: no package was scanned for this dose. Scan the package first.
refusal-not_scanned = Not charted as given: its package was not scanned. Scan it; the scan charts the dose.
refusal-not_a_removal = Not charted: something is given here, nothing is taken off. Choose the removal on the list.
refusal-removal_only = Not charted: here something is taken off. Chart it as taken off, or leave it open.
refusal-nothing_on = Not charted: nothing is recorded as on. Chart that it was put on first.
refusal-reason_missing = Not charted: a reason is needed. Choose one.
refusal-reason_unknown = Not charted: this reason does not belong to this outcome. Choose one from the list.
refusal-comment_missing = Not charted: this reason needs a comment. Write it and chart again.
refusal-amount_missing = Not charted: a partial dose needs the amount taken. Enter it.
refusal-amount_unfit = Not charted: the amount does not fit the ordered dose of { $dose }. Given is the whole dose, partial is less than it, in units that compare.
refusal-time_missing = Not charted: when was it done? Enter the time.
refusal-readings_missing = Nothing was recorded: there was no value, or more than there are kinds of readings. Enter each reading once.
refusal-reading_unknown = Nothing was recorded: one of the entries is no reading that is kept here. See /api/openapi.json for those that are.
refusal-reading_unfit = Nothing was recorded: { $reading } goes from { $least } to { $most } { $unit }, and only a glucose meter shows HI or LO. Look at the instrument and enter it again.
refusal-reading_twice = Nothing was recorded: { $reading } was entered twice. Enter it once.
refusal-pressure_reversed = Nothing was recorded: the systolic pressure must be above the diastolic one. Look which is which and enter them again.
refusal-reading_in_future = Nothing was recorded: that time has not come yet. Enter when it was measured.
refusal-reading_too_old = Nothing was recorded: a reading is written down within { $hours } hours. Measure again.
refusal-time_in_future = Not charted: that time has not come yet. Enter when it was done.
refusal-time_before_start = Not charted: the order starts at { $starts_at }, after that time. Enter when it was done.
refusal-dose_unknown = Not charted: this dose is not known any more. Look at the new list.
refusal-dose_missing = Not charted: which dose is meant was not said. Choose it from the list.
refusal-order_unknown = Not done: this order is not known. Look at the new list.
refusal-order_state = Not done: the order is no longer in the state this needs. Look at it again.
refusal-version_older = Not taken: a newer version of this order is already here.
refusal-order_held = Not held: the order is on hold already, or will be. Take that hold off first.
refusal-hold_past = Not held: a hold cannot begin in the past. Choose now or a later time.
refusal-hold_reversed = Not held: the hold ends before it begins. Choose a later end.
refusal-absence_past = Not recorded: an absence begins at most 24 hours before it is recorded. Choose a later time, and chart what was due before it.
refusal-absence_reversed = Not recorded: the absence ends before it begins. Choose a later end.
refusal-absence_contradicted = Not recorded: { $by } gave something here at { $given_at }, while the resident would be away. Choose another time, or correct that record first.
refusal-resident_present = Not recorded: this resident is not away and is not about to be. Nothing needs to be done.
refusal-resident_state = Not done: where this resident stands with the home does not allow it. Look at the resident again.
refusal-room_unknown = Not readmitted: the home has no such room. Choose a room of the home.
refusal-mark_of_another = Not lifted: { $by } marked this order. Ask them, the charge nurse or the pharmacist.
refusal-renewal_needless = Not renewed: this order has no end. Nothing needs to be done.
refusal-renewal_not_longer = Not renewed: this order runs until { $ends_at } as it is. Choose a later end.
refusal-renewal_needs_evaluation = Not renewed: an antipsychotic when needed is ordered anew, once the prescriber has seen the resident. Enter a new order.
refusal-order_changed = Not done: somebody changed this order meanwhile. Look at it again, then decide.
refusal-order_other_drug = Not changed: another drug, resident or sender is another order. Enter a new order and stop this one.
refusal-change_starts_later = Not changed: a change takes force at once, and until { $starts_at } nothing of this order would be due. Leave its start as it was; for a later change, let this order end then and enter a new one that begins then.
refusal-order_charted = Not corrected: a dose of this order is charted already. Enter a new version instead.
refusal-error_charted = Not withdrawn: a dose of this order is charted already, so what was done must stay with it. Stop the order instead, and say there that it was entered in error.
refusal-error_prepared = Not withdrawn: { $by } has a dose of this order in a pot since { $prepared_at }. Have it taken out with “Undo last”, then try again; if it was given, have it confirmed and stop the order.
refusal-order_findings = Not taken: something about this order is wrong or doubtful. Look at each point and mend it or say why.
refusal-verify_own = Not verified: who entered or noted an order cannot verify it. Ask a second person.
refusal-role_forbidden = Not done: your role may not do this. Ask the charge nurse.
refusal-role_cannot_chart = Not charted: your role may not chart this. Ask the charge nurse.
refusal-alert_taken = Not taken: { $by } took this alert at { $since_at }.
refusal-alert_changed = Not done: the alert changed meanwhile. Look at it again.
refusal-alert_ended = Not done: this alert has ended.
refusal-never_quiet = Not made quiet: a time-critical dose is never quiet. Take the alert.
refusal-quiet_too_long = Not made quiet: an alert may be quiet for 1 to 60 minutes. Choose a shorter time.
refusal-transcription_done = Not done: somebody has taken this message off the list already. Look at the new list.
refusal-resident_unknown = Not done: this resident is not known here. Check the census.
refusal-administration_unknown = Not corrected: the earlier record was not found. Look at the list again.
refusal-correction_of_another_dose = Not corrected: the earlier record is about another dose. Open the record to be corrected.
refusal-badge_in_use = Not added: somebody else who works here has this badge. Use another badge.
refusal-sign_on_first = Not done: nobody is signed on. Scan your badge.
refusal-key_reused = Not done: this key was used for another request. Send it with a new key.
refusal-unavailable = Not recorded: the server is busy. Try again.
refusal-outcome_unknown = It is not known whether this was recorded. Send it again with the same key.
refusal-locked_out = Signing on is locked after too many wrong PINs. Wait, or ask the administrator.
refusal-sign_on_failed = Badge and PIN do not match. Scan the badge again.

## The desk: pages somebody signs on to

desk-nav = Pages
desk-places = Carts and stations
desk-read_at = as at { $at }
desk-sign = Sign on to read
desk-sign_again = Your session ended. Sign on again; what you typed is kept.
desk-place = Here
desk-not_enrolled = This browser is enrolled neither as a cart nor as a station, so nobody can sign on here. Ask the administrator for a one-time code.
desk-enrol = Enrol this device
desk-refused = Not shown
desk-role = Your role may not read residents, doses and orders. Ask the charge nurse or the director of nursing.
desk-unavailable = The record cannot be read just now. Load the page again; if it goes on, use the paper MAR.

## The MAR

month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
mar-title = MAR
mar-no_resident = There is no such resident in your units. Choose one on the board of your station.
mar-no_month = There is no such month. A month is written YYYY-MM.
mar-months = Months
mar-before = month before
mar-after = month after
mar-orders = Orders of this resident
mar-keys = Arrow keys move from dose to dose, Enter opens its history, Esc closes it.
mar-scheduled = Scheduled
mar-ended = Ended orders
mar-prn = Without planned times: as needed (PRN), on call, continuous
mar-prn-none = Not given in this month.
mar-none = None in this month.
mar-order = Order
mar-time = Time
mar-legend = What the marks mean
mar-horizon = Doses to come are planned { $days } days ahead; later days are empty until then.
mar-close = Close
mar-ended-discontinued = stopped { $at }
mar-ended-expired = ended { $at }
mar-ended-completed = completed { $at }
mar-ended-entered_in_error = entered in error, withdrawn { $at }
mar-apart = at least { $for } apart
mar-most = at most { $most } in 24 h
mar-apart_range = every { $for } to { $most }, never sooner
mar-most_day = at most { $most } a calendar day
mar-due = Due { $at }
mar-planned = Planned, due { $at }
mar-moved = Due time changed to { $at }
mar-expected = Expected again, due { $at }
mar-window = on time from { $from } to { $to }
mar-shifted = The clock change moved it: the prescribed time does not exist that night.
mar-withdrawn-superseded = No longer expected: a changed order took its place
mar-withdrawn-discontinued = No longer expected: the order was stopped
mar-withdrawn-entered_in_error = Never meant: the order was entered in error
mar-withdrawn-held = No longer expected: the order is on hold
mar-withdrawn-away = No longer expected: the resident is away
mar-withdrawn-self_managed = Not expected of staff: the resident keeps and takes it
mar-withdrawn-not_applied = Not expected: nothing is on that would come off
mar-withdrawn-merged = One with the dose due at the same moment: the clock change puts both there
mar-withdrawn-do_not_give = No longer expected: the order is marked do not give
mar-prepared = Put in the pot
mar-returned = Taken out of the pot, not given
mar-by_at = { $who } · { $place }
mar-administered = Administered { $at } by { $who }
mar-recorded = Recorded { $at }
mar-cart = At { $place }
mar-amount = Amount: { $amount }
mar-ordered = Ordered then: { $amount }
mar-why = Reason: { $why }
mar-comment = Comment: { $text }
mar-accepted = Accepted: { $about } ({ $why })
mar-witnessed = Checked by { $who } as second person, { $at }
mar-past = Charted afterwards, with its own time
mar-corrects = Corrects the record of { $at } by { $who }
mar-corrected = Corrected { $at } by { $who }
mar-beside = Kept beside the record in effect: possible double dose

## Orders

orders-title = Orders
orders-whose = Show
orders-waiting = What waits, of everybody
orders-show = Show
orders-to_note = To note
orders-to_note-none = No order waits to be noted.
orders-to_verify = To verify
orders-to_verify-none = No noted order waits for a second person.
orders-on_hold = On hold
orders-on_hold-none = No order is on hold.
orders-active = Active
orders-active-none = No other order is active.
orders-more = and { $count } more; choose a resident to see them
orders-state-draft = Draft
orders-state-do_not_give = Do not give
orders-state-unverified = Noted, not verified
orders-state-active = Active
orders-role-pharmacist = You may enter, verify, hold and stop orders. Noting and resuming is a nurse’s.
orders-role-reader = Your role reads orders and changes none. Nurses note them; a second nurse or a pharmacist verifies.
orders-second_person = You entered or noted this order: a second person verifies it.
orders-from = from { $at }
orders-until = until { $at }
orders-until_law = until { $at }, by law
orders-prescribed = prescribed by { $who }
orders-off = off { $at }
orders-entered = entered by { $who }
orders-received = received from { $from }
orders-noted = noted by { $who }
orders-verified = verified by { $who }
orders-allergy = Ordered in spite of a recorded reaction: { $why }
orders-note = Note
orders-verify = Verify
orders-hold = Hold
orders-resume = Resume
orders-discontinue = Discontinue
orders-entered_in_error = Entered in error
orders-because = Why?
orders-because-needed = Not done: say why.
orders-renew = Renew
orders-do_not_give = Do not give
orders-may_give = May be given
done-renew = Prescribed on.
done-do_not_give = Marked: do not give.
done-may_give = The mark is lifted.
renew-until-needed = Not done: say until when it is prescribed on.
stay-title = Stay
stay-here = Lives here, and is here.
stay-discharged = Discharged: { $why }
stay-deceased = Has died: { $why }
stay-to_be-hospital = will be in hospital from { $at }
stay-to_be-leave = will be on leave from { $at }
stay-to_be-day_release = will be out for the day from { $at }
stay-choice_left = { $name } (discharged)
stay-away = Goes away
stay-back = Is back
stay-discharge = Discharge
stay-readmit = Readmit
stay-where = Where?
stay-kind-hospital = Hospital
stay-kind-leave = Leave, over night
stay-kind-day_release = Out for part of a day
stay-died = They have died
stay-room = Room, if another
stay-room_same = the room they had
done-absence = Recorded as away.
done-return = Recorded as back.
done-discharge = Discharged.
done-readmit = Readmitted.
letters-title = To transcribe
letters-note = What the pharmacy sent and nothing was done about. Read it, do by hand what it asks, then say what was done.
letters-nobody = Resident not known
letters-unread = It could not be read
letters-from = from { $who }, { $at }
letters-not_done = not carried out
letters-more = and { $count } more, later ones; take these off the list to see them
letters-done = Done
letters-waiting =
    { $count ->
        [one] 1 message of a pharmacy was not carried out and waits for a person.
       *[other] { $count } messages of pharmacies were not carried out and wait for a person.
    }
done-letter = Taken off the list.
done-note = Noted.
done-verify = Verified.
done-hold = On hold.
done-resume = Active again.
done-discontinue = Stopped.
done-entered_in_error = Withdrawn as entered in error.
done-enter = Entered as a draft. It waits to be noted.
enter-title = Enter an order
enter-note = It is a draft until a nurse notes it.
enter-resident = Resident
enter-drug = Drug, as in the formulary
enter-allergy = Recorded reaction accepted by the prescriber: why
enter-number = Dose
enter-unit = Unit
enter-route = Route
enter-when = When
enter-frequency = Frequency
enter-frequency-none = by the times below, every day
enter-times = Times, where not the home’s own
enter-days = Days of the week
enter-limits = Limits
enter-apart = Hours between givings, at least
enter-most = Givings in 24 h, at most
enter-apart_max = Of a range, up to
enter-count_by = Counted
enter-rolling = over any 24 hours
enter-calendar_day = by the calendar day
enter-start = Start
enter-written = Times of the home’s zone, as 2026-11-02 08:00.
enter-stop = Stop, if any
enter-about = Prescriber and legal end
enter-prescriber = Prescriber
enter-expires = Legal end, if the law sets one
enter-indication = What for
enter-instructions = Instructions
enter-go = Enter the draft
enter-fields = Not entered: see the marked fields. Nothing you typed is lost.
enter-unknown = It is not known whether this was entered. Look under “To note” before you send it again.
wrong-resident = Choose a resident of your units who lives here.
wrong-drug = The formulary has no drug of this name. Choose one from the list.
wrong-allergy = Recorded reaction to { $ingredient }: { $reaction }. Say why the prescriber orders it all the same, or choose another drug.
wrong-number = Write the dose as a plain number above nothing, such as 0.5 or 500.
wrong-unit = Choose the unit of the dose.
wrong-dose_unfit = { $dose } cannot be made from { $form } of { $strength }. Check number, unit and strength.
wrong-route = Choose the route.
wrong-frequency = This frequency cannot be planned from this form. Choose another, or up to five times of day.
wrong-frequency_none = Choose a frequency, or write the times of day.
wrong-window = The home has no time window for this frequency. Choose another one, or tell the administrator.
wrong-times = Write times of day as 08:00 20:00.
wrong-times_count = This frequency has { $wanted } times a day. Write as many, or none for the home’s own.
wrong-days = Choose the days of the week.
wrong-days_count = This frequency has { $wanted } days a week. Choose as many.
wrong-days_unused = This frequency names its days itself. Take the days out, or choose a weekly one.
wrong-prn_indication = An order as needed says what for.
wrong-prn_apart = Write the hours between two givings: more than nothing, at most 168.
wrong-prn_range = Write more hours than the shorter interval, at most 168, or leave it empty.
wrong-prn_most = Write how many givings there may be in 24 h: 1 to 100.
wrong-time = Write the time as 2026-11-02 08:00.
wrong-time_gap = The clock change leaves this time out. Choose one before or after it.
wrong-time_twice = The clock change makes this time come twice. Choose one before or after it.
wrong-stop = The order would stop before it starts. Choose a later stop.
wrong-text = At most 1,000 bytes. Shorten it.

## What an order would do

preview-title = What this does
preview-added = { $count ->
    [one] 1 dose added
   *[other] { $count } doses added
 }
preview-removed = { $count ->
    [one] 1 dose removed
   *[other] { $count } doses removed
 }
preview-moved = { $count ->
    [one] 1 dose moved
   *[other] { $count } doses moved
 }
preview-unchanged = { $count } as now
preview-until = Doses due before { $at } were looked at.
preview-as_noted = These are the doses it will have once a nurse notes it.
preview-gap_min = Smallest gap { $for }: { $from } to { $to }
preview-gap_max = Largest gap { $for }: { $from } to { $to }
preview-taken = { $at }, taken
preview-overlap = Too near: { $ingredient } at { $first } and { $second }, { $for } apart.
preview-overlaps_more = { $count ->
    [one] 1 more is too near.
   *[other] { $count } more are too near.
 }
preview-merged = Two doses fall on { $at } by the clock change and are one.
preview-was = (was { $at })
preview-why-superseded = replaced
preview-why-discontinued = stopped
preview-why-entered_in_error = entered in error
preview-why-held = on hold
preview-why-away = away
preview-why-self_managed = the resident keeps and takes it
preview-why-not_applied = nothing is on that would come off
preview-why-merged = one with the dose at the same moment
preview-why-do_not_give = marked do not give
preview-total = { $ingredient } { $after }
preview-now = (now { $before })
preview-nothing = none
preview-left_out = doses that cannot be added up
preview-load = { $pass } { $before } → { $after }
preview-none = No dose of the days looked at changes.
preview-day = Day
preview-doses = Doses
preview-totals = Ingredient in the day
preview-loads = Doses in the pass, whole unit
preview-more = { $count ->
    [one] and 1 more day
   *[other] and { $count } more days
 }
pass-none = between passes

## An order read back

says-prn = when needed for { $for }
says-first_now = first dose now
says-first_next = first dose at its next time
says-once = once, { $at }
says-interval = every { $every }, whatever the clock says, from { $at }
says-times = at { $times }
says-daily = every day
says-dow = on { $days }
says-every_days = every { $days } days, counted from { $date }
says-cycle = { $on } days on, { $off } days off, counted from { $date }
says-month_day = day { $day }
says-month_nth = the { $nth } { $day }
nth-1 = first
nth-2 = second
nth-3 = third
nth-4 = fourth
nth-5 = fifth
nth--1 = last
says-each_month = { $day } of every month
says-months = { $day } of every { $every } months, counted from { $from }
says-clamp = in a shorter month on its last day
says-skip = not in a shorter month
says-turns = in turn, day by day: { $doses }, counted from { $date }
says-other_days = other days
says-step = Step { $number }: { $dose }{ $times }, { $for }
says-step_days = { $count ->
    [one] 1 day
   *[other] { $count } days
 }
says-step_doses = { $count ->
    [one] 1 dose
   *[other] { $count } doses
 }
says-dates = { $from } to { $to }
says-goes_on = from then on
says-ends_on = No dose from { $date } on.
says-ends = No dose after the last step.
says-acknowledge = Whoever gives it must confirm: { $text }
says-window = given from { $before } min before to { $after } min after its time
says-hold = Hold when { $rules }.
says-hold_or = or when
says-hold_age = { $count ->
    [one] Each reading may be at most 1 minute old.
   *[other] Each reading may be at most { $count } minutes old.
 }
says-rule-below = { $reading } is below { $value }
says-rule-at_or_below = { $reading } is at or below { $value }
says-rule-above = { $reading } is above { $value }
says-rule-at_or_above = { $reading } is at or above { $value }
says-rule-exactly = { $reading } is exactly { $value }
says-gate_example = With { $reading } { $value }: { $then }.
says-gate-give = give
says-gate-hold = hold
says-gate-measure = measure first
says-scale = By glucose in { $unit }: { $rows }.
says-scale_example = With { $value }: { $then }.
says-span = { $lo } to { $hi }
says-span_low = { $hi } and below
says-span_high = { $lo } and above
says-span_any = any value
reading-sbp = systolic pressure
reading-dbp = diastolic pressure
reading-hr = heart rate
reading-hr_apical = apical pulse
reading-hr_radial = radial pulse
reading-rr = respiratory rate
reading-spo2 = oxygen saturation
reading-temp = temperature
reading-inr = INR
reading-glucose = glucose
reading-weight = weight

## What a scale says to do instead of units

action-give_none = no units; chart the dose as not given, not needed
action-call_prescriber = call the prescriber
action-treat_low = treat the low glucose, then call the prescriber

reading-pain = pain

## The form of an order: patterns and changes

orders-change = Change
done-new_version = Changed: the new version is in force.
done-correction = Corrected.
hold-from = From, if not now
hold-until = Until, if an end is known
hold-now = now
hold-resumed = until it is resumed
enter-pattern = How it is given
pattern-regular = Every day, or as a frequency says
pattern-weekdays = On named weekdays
pattern-every_days = Every so many days
pattern-cycle = Days on, days off
pattern-monthly = On a day of the month
pattern-steps_days = Taper or titration, by days
pattern-steps_doses = Taper or titration, by doses
pattern-turns = Doses in turn, day by day
pattern-by_day = A dose for each weekday
pattern-once = One time
pattern-stat = At once (STAT)
pattern-prn = As needed (PRN)
pattern-on_call_once = On call, one time
pattern-on_call = On call, until it stops
pattern-running = Running, without times of day
pattern-pair = Put on and taken off (patch)
enter-steps = Steps
enter-steps_days-note = Each step lasts so many days. Leave the days of the last one empty if it goes on.
enter-steps_doses-note = Each step lasts so many doses. Leave the doses of the last one empty if it goes on.
enter-step_number = Dose
enter-step_days = Days
enter-step_doses = Doses
enter-step_times = Times, if its own
enter-add_step = Add a step
enter-remove = Take this row out
enter-turns = Doses in turn
enter-turns-note = The first is given on the first day, the next on the day after it, and so on, over again.
enter-add_turn = Add a dose
enter-by_day = Dose for each weekday
enter-by_day-note = On a day left empty nothing is given.
enter-every = Every so many days
enter-on = Days on
enter-off = Days off
enter-month_day = Day of the month
enter-overflow = If a month has no such day
enter-month_nth = Or which weekday of the month
enter-month_dow = Weekday
enter-months = Every so many months
enter-anchor = Counted from, if not the start
enter-first = First dose
enter-off_times = Taken off at
enter-off_times-note = It comes off at the first of these times after it was put on. Leave it empty if it comes off when the next one is put on.
enter-giving = Giving
enter-self_administration = Who takes care of taking it
level-staff = Staff give it
level-prompted = The resident takes it when reminded
level-checked = The resident takes it, staff check
level-self_managed = The resident keeps and takes it, nothing is due for staff
enter-acknowledge = Whoever gives it must confirm the instructions
enter-covert-note = Only where it is given without the resident’s knowledge:
enter-covert_reference = Decision it rests on
enter-covert_review = Review by
enter-elapsed = Elapsed hours, whatever the clock says
enter-elapsed-note = For Q4H, Q6H, Q8H and Q12H: that many hours from dose to dose, also over a clock change, and not the home’s times.
enter-window-note = Minutes this order may be given around its time, where fewer than the home’s. Leave them empty for the home’s.
enter-before = Minutes before
enter-after = Minutes after
enter-holds = Hold parameters
enter-holds-note = The dose is held when any of these is met, exactly as written. Each reading must be taken before.
enter-hold_code = Reading
enter-hold_op = Is
enter-hold_value = Value
enter-hold_age = Minutes a reading may be old, at most
enter-add_hold = Add a hold parameter
compare-below = below
compare-at_or_below = at or below
compare-above = above
compare-at_or_above = at or above
compare-exactly = exactly
enter-scale = Sliding scale
enter-scale-note = The glucose then says how much is given: leave the dose above empty. Whole numbers, both ends included; leave From empty in the lowest row and To in the highest. Each row says units, or what to do instead.
enter-scale_unit = Glucose in
enter-scale_from = From
enter-scale_to = To
enter-scale_units = Units
enter-scale_action = Or do instead
enter-add_scale = Add a row
change-title = Change an order
change-kind = What kind of change is it?
change-new_version = New version: from now on it is something else
change-correction = Correction: it never was as written, and nothing is charted yet
change-reason = Why?
change-go = Show the change
change-leave = Leave it as it is
wrong-kind = Choose what kind of change it is: a new version or a correction.
wrong-reason = Say why it is changed.
wrong-pattern = Choose how it is given.
wrong-frequency_plain = With this pattern choose a frequency that only says how often a day, or none.
wrong-steps = Write at least one step: its dose, and how long it lasts.
wrong-length = Write how long this step lasts as a whole number above nothing. Only the last step may go on.
wrong-turns = Write at least two doses.
wrong-by_day = Write the dose of at least one weekday.
wrong-whole = Write a whole number above nothing.
wrong-month_day = Write a day from 1 to 31, or choose which weekday of the month.
wrong-month_dow = Choose the weekday.
wrong-overflow = Not every month has this day. Choose what happens then.
wrong-anchor = Write the day as 2026-11-02, or with a time as 2026-11-02 08:00.
wrong-expires = The law would end the order before it starts. Choose a later end, or none.
wrong-prescriber = At most 200 bytes. Shorten it.
wrong-on_call_stop = What may be called for again ends some day. Write when it stops, or choose one time.
wrong-off_times = Between two times of putting on nothing comes off. Write a time of taking off between them, or none.
wrong-self_administration = Choose who takes care of taking it.
wrong-needs_staff = Who keeps and takes a drug is neither measured nor deceived nor read to: this needs staff who give it. Choose another level, or leave out hold parameters, scale, covert giving and what is to be confirmed.
wrong-acknowledge = There are no instructions to confirm. Write them, or leave this out.
wrong-covert_reference = Say on what decision covert giving rests, in at most 1,000 bytes, or leave its review empty too.
wrong-covert_review = Write the day by which the decision is looked at again, as 2026-12-01, or leave the decision empty too.
wrong-elapsed = This frequency does not say how many hours. Choose one that does, such as Q6H, or leave this out.
wrong-elapsed_times = Elapsed hours have no times of day. Leave the times empty, or leave elapsed hours out.
wrong-window_minutes = Write whole minutes from 0 to 1,440, or leave it empty for the home’s.
wrong-window_wide = The home lets such a dose be given { $most } min from its time at most on this side. Write { $most } or less, or leave it empty.
wrong-hold_none = Write at least one hold parameter, or leave the minutes empty.
wrong-hold_code = Choose the reading.
wrong-hold_op = Choose how it is compared.
wrong-hold_value = Write the value as a plain number, such as 100 or 37.5.
wrong-hold_age = Write how many minutes old a reading may be, as a whole number above nothing.
wrong-hold_undecided = Every reading meets this or none can: { $rule }. Check it against the order.
wrong-hold_reversed = These leave no value of { $reading } at which the dose is given: one of them is the wrong way round. Check them against the order.
wrong-scale_none = Write the rows of the scale, or leave its unit empty.
wrong-scale_unit = Choose the unit of the glucose.
wrong-scale_end = Write a whole number, or leave it empty where the row is open.
wrong-scale_units = Write the units as a plain number, such as 0 or 4.
wrong-scale_action = At most 200 bytes. Shorten it.
wrong-scale_answer = Write either units or what to do instead, one of the two.
wrong-scale_reversed = This row ends before it begins. Write the lower number first.
wrong-scale_overlap = The rows { $lower } and { $upper } overlap. A reading must fall in one row only.
wrong-scale_gap = The rows { $lower } and { $upper } leave a gap. Every reading must fall in a row.
wrong-scale_open = The scale has no row for the lowest or the highest readings. Leave From empty in the lowest row and To in the highest.

## The pharmacist's review

review-title = Pharmacy review
review-all = Everybody: what asks for a look
review-note = Each order with what asks for a second look: not verified, running out, doubtful, or doubted and answered. Choose a resident to see all their orders and how often those as needed were used. From here orders are verified and nothing else.
review-none = No order asks for a look.
review-expiring = Ends { $at }, in { $for }
review-answered = Doubt answered: { $about } ({ $why })
review-used = { $count ->
    [one] Used once in the last 14 days
   *[other] Used { $count } times in the last 14 days
 }
review-unused = Not used in the last 14 days
