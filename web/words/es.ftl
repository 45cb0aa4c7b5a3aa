### Todos los textos de las páginas. Los códigos vienen de las reglas; las palabras, de aquí.
### Los textos obj-* solo llevan variables, sin selectores: la página los completa por sí misma.

## Objeciones: carro, persona, sesión

obj-sign_on_first = Nadie ha iniciado sesión aquí. Escanee su credencial.
    .head = ALTO — inicie sesión
obj-clock_variance = El reloj de este carro difiere { $minutes } min. No registre aquí hasta ajustarlo.
    .head = ALTO — reloj incorrecto
obj-role_cannot_chart = Su función permite ver, pero no registrar.
    .head = ALTO — función sin permiso
obj-instructor_missing = Un instructor debe iniciar sesión con usted.
    .head = ALTO — falta el instructor
obj-snapshot_old = Este carro tuvo contacto con el servidor hace { $age }.
    .head = Lista antigua — diga por qué

## Objeciones: código de barras

obj-barcode_malformed = El código no se leyó bien. Escanee otra vez.
    .head = ALTO — escanee otra vez
obj-several_barcodes = Se leyeron dos etiquetas a la vez. Escanee una.
    .head = ALTO — dos códigos en una lectura
obj-staff_badge_scanned = Es una credencial del personal. Escanee al residente.
    .head = ALTO — credencial del personal
obj-wrong_barcode_kind = No es el tipo de código esperado. Primero el residente, después el medicamento.
    .head = ALTO — otro tipo de código
obj-barcode_unknown = Este código no se conoce. No se registró nada.
    .head = ALTO — código desconocido

## Objeciones: residente

obj-no_resident_open = Escanee primero al residente.
    .head = ALTO — ningún residente abierto
obj-wrong_resident = Pertenece a otro residente. Devuélvalo. No se registró nada.
    .head = ALTO — no es para este residente
obj-resident_deceased = Consta como fallecido. No se puede registrar ninguna dosis.
    .head = ALTO — consta como fallecido
obj-resident_discharged = No es residente de esta casa en este momento.
    .head = ALTO — ya no es residente
obj-resident_absent = Consta como ausente desde { $since_at } ({ $reason }). ¿Ha vuelto?
    .head = ALTO — consta como ausente
obj-identity_keyed = Compruebe nombre, cara y fecha de nacimiento, y diga por qué no se escaneó.
    .head = Identidad escrita — diga por qué
obj-orders_unreviewed = Estas órdenes no se han revisado desde el regreso.
    .head = Órdenes sin revisar — diga por qué
obj-resident_notice = { $notice }
    .head = Atención

## Objeciones: producto y orden

obj-lot_recalled = Lote retirado. Apártelo.
    .head = ALTO — lote retirado
obj-lot_expired = Caducó el { $expired }. Apártelo.
    .head = ALTO — caducado
obj-label_superseded = La orden cambió; esta etiqueta es antigua. Use la nueva.
    .head = ALTO — etiqueta antigua
obj-wrong_drug = No está ordenado para este residente. Devuélvalo. No se registró nada.
    .head = ALTO — no está ordenado aquí
obj-wrong_form = Ordenado como { $ordered }; esto es { $scanned }.
    .head = ALTO — otra forma
obj-wrong_strength = Ordenado { $ordered }; este envase es { $scanned }.
    .head = ALTO — otra concentración
obj-units_to_give = Dé { $halves } × { $strength } = { $dose }.
    .head = Se da más de uno
obj-units_short = { $scanned } de { $needed } escaneados. Escanee el resto. Si no: tomado ahora, se registra como parcial; con el siguiente residente se devuelve.
    .head = Faltan unidades — diga por qué
obj-route_differs = La vía habitual del producto no es la ordenada.
    .head = La vía difiere
obj-order_choice_needed = Coinciden { $count } órdenes; se tomó la que toca antes.
    .head = Coincide más de una orden

## Objeciones: orden

obj-order_changed = La orden cambió entretanto. La lista se ha leído de nuevo.
    .head = LA LISTA HA CAMBIADO
obj-order_not_active = Espera aceptación. No se puede dar nada antes.
    .head = ALTO — orden no activa
obj-order_do_not_give = Marcada como no dar por { $by }: { $reason }
    .head = ALTO — no dar
obj-order_held = En pausa desde { $since_at }: { $reason }
    .head = ALTO — orden en pausa
obj-order_not_started = Empieza { $starts_at }.
    .head = ALTO — aún no empieza
obj-order_expired = Terminó { $ended_at }. Hace falta una orden nueva.
    .head = ALTO — la orden terminó
obj-order_discontinued = Suspendida { $since_at }. Hace falta una orden nueva.
    .head = ALTO — orden suspendida
obj-order_in_error = Introducida por error, retirada { $since_at }. Nunca fue para dar: no la dé.
    .head = ALTO — orden introducida por error
obj-order_replaced = Reemplazada; use la orden actual de la lista.
    .head = ALTO — orden reemplazada
obj-order_completed = Dada una vez, como se ordenó, { $since_at }.
    .head = ALTO — orden completa
obj-order_unverified = Aún no verificada por otra persona.
    .head = ALTO — sin verificar
obj-order_unschedulable = No se puede calcular la hora: { $reason }
    .head = Sin hora — diga por qué

## Objeciones: a la propia orden

obj-dose_contradiction = La orden dice { $dose } y su texto «{ $text }». Pregunte a quien la escribió cuál vale.
    .head = ALTO — número y texto difieren
obj-dose_unusual = { $dose } a la vez, cuando lo más que puede haber es { $most }. Compruebe el número y la unidad.
    .head = ALTO — demasiado a la vez
obj-dose_high = { $dose } a la vez es más que { $most }. Compruebe el número y la unidad, o diga por qué es tanto.
    .head = Mucho a la vez — diga por qué
obj-dose_unfit = { $dose } no se puede hacer con { $form } de { $strength }. Revise número, unidad y concentración.
    .head = ALTO — ninguna cuenta da esta dosis
obj-methotrexate_not_weekly = El metotrexato por boca es semanal, en un día nombrado; diario solo contra el cáncer. Diga el día o la indicación.
    .head = ALTO — metotrexato es semanal
obj-prn_incomplete = Una orden a demanda dice para qué, cada cuánto como mínimo y cuántas veces al día como máximo. Falta: { $missing }.
    .head = ALTO — orden a demanda incompleta
obj-psychotropic_no_end = Nadie dijo cuándo termina, así que termina { $ends_at }: un psicotrópico a demanda dura 14 días como máximo. Pida un final al prescriptor o diga por qué.
    .head = Sin fecha de fin — diga por qué
obj-duplicate_order = { $drug } ya está ordenado. Diga por qué hay dos.
    .head = Ordenado dos veces — diga por qué
obj-same_ingredient_ordered = { $drug } tiene el mismo principio activo. Diga por qué hay dos.
    .head = Mismo principio activo — diga por qué
obj-abbreviation_unsafe = «{ $text }» se ha leído mal otras veces. Escriba: { $use }. O diga por qué se queda.
    .head = Fácil de leer mal — diga por qué

## Objeciones: dosis y hora

obj-dose_changed = Registrada entretanto. La lista se ha leído de nuevo.
    .head = LA LISTA HA CAMBIADO
obj-entry_in_progress = { $who } está registrando esta dosis ahora.
    .head = ALTO — en registro
obj-outcome_unknown = El registro de las { $time } se empezó y no se terminó. Resuélvalo primero.
    .head = ALTO — registro sin terminar
obj-already_given = La dio { $by } a las { $given_at }. No se registró nada.
    .head = ALTO — ya administrada
obj-possible_double_dose = Ya la dio { $by } a las { $given_at }. Lo que usted confirmó también se guardó: posible dosis doble. Avise a la jefa de turno.
    .head = ALTO — posible dosis doble
obj-later_dose_given = Una dosis posterior se dio a las { $given_at }.
    .head = ALTO — ya se dio una posterior
obj-double_scan = Este envase ya se escaneó. No se registró nada.
    .head = ALTO — el mismo envase
obj-in_another_pot = En el vaso desde las { $prepared_at }, puesta por { $by } en otro carro. No se registró nada.
    .head = ALTO — ya preparada
obj-previous_patch_on = Lo puesto { $since_at } consta aún como puesto; debía quitarse { $off_at }. Quítelo y regístrelo primero.
    .head = ALTO — parche puesto
obj-not_due = Próxima dosis { $next_at }.
    .head = ALTO — nada que dar ahora
obj-dose_early = Faltan { $minutes } min para la ventana.
    .head = Temprano — diga por qué
obj-dose_late = La ventana cerró hace { $minutes } min.
    .head = Tarde — diga por qué
obj-removal_early = Se quita a las { $off_at }. Diga por qué se quita ahora, o que se cayó.
    .head = Retirada temprana — diga por qué
obj-removal_late = Debía quitarse a las { $off_at }.
    .head = Retirada tardía — diga por qué
obj-meal_relation_wrong = Ordenado { $ordered } { $meal }; la comida empezó a las { $meal_at }.
    .head = Comida — diga por qué
obj-retry = { $outcome } a las { $at }. ¿Ofrecer de nuevo?
    .head = Ya se ofreció

## Objeciones: clínicas

obj-allergy_match = Reacción conocida a { $ingredient }: { $reaction }. No se registró nada.
    .head = ALTO — ALERGIA
obj-same_ingredient_recent = { $drug }, otra orden del fármaco, hace { $minutes } min: { $outcome }.
    .head = Mismo fármaco reciente — diga por qué
obj-other_patch_on = { $drug } de otra orden consta como puesto; se quita { $off_at }.
    .head = Mismo fármaco en el cuerpo — diga por qué
obj-ingredient_uncounted = No se puede sumar todo el { $ingredient } de las últimas 24 h; el límite es { $cap }. Revise el registro.
    .head = Total desconocido
obj-prn_blocks_scheduled = La dosis de { $ingredient } de las { $due_at } superaría entonces el límite diario de { $cap }.
    .head = No deja margen
obj-ingredient_cap = { $taken } de { $cap } de { $ingredient } en 24 h. Posible a partir de las { $next_at }.
    .head = ALTO — límite diario
obj-prn_too_soon = Posible a partir de { $next_at }.
    .head = ALTO — demasiado pronto
obj-prn_max_reached = { $count } de { $most } en 24 h. Posible a partir de { $next_at }.
    .head = ALTO — máximo alcanzado
obj-reading_missing = Falta primero: { $reading }. Mídalo y escanee otra vez, o ponga la dosis en pausa.
    .head = ALTO — mida primero
obj-reading_stale = La última medida ({ $reading }) tiene { $minutes } minutos; esta orden admite { $limit }. Mida otra vez, o ponga la dosis en pausa.
    .head = ALTO — mida otra vez
obj-hold_parameter_failed = Medido: { $reading } { $value }. Pausa { $op } { $bound }. Ponga la dosis en pausa, o pregunte a quien prescribe.
    .head = ALTO — no dar esta dosis
obj-scale_action = Medido: { $reading } { $value }. La escala dice: { $action }. Lo que se prescriba en su lugar es otra orden.
    .head = ALTO — la escala no da unidades


## Objeciones: manejo, sin escaneo, registro

obj-witness_required = Otra persona autorizada debe comprobar esta dosis antes de prepararla.
    .head = Falta la segunda enfermera
obj-witness_invalid = Esta persona no puede ser testigo de esta dosis. Pida a otra que pueda darla.
    .head = ALTO — otro testigo
obj-do_not_crush = Tragar entero: { $why }
    .head = No triturar
obj-hazardous_drug = Guantes; residuo especial.
    .head = Manejo peligroso
obj-special_instruction = { $text }
    .head = Instrucción
obj-covert_giving = Se da sin que el residente lo sepa. Base: { $reference }. Revisar antes de { $review }.
    .head = Administración encubierta
obj-code_keyed = Diga por qué no se pudo escanear el código.
    .head = Escrito, no escaneado — diga por qué
obj-drug_unscannable = Confirme residente, fármaco, dosis, vía y hora, y diga por qué.
    .head = No escaneado — diga por qué
obj-prn_reason_missing = ¿Para qué se da?
    .head = A demanda — ¿para qué?
obj-pot_unconfirmed = Dosis en el vaso: { $count }. ¿Tomadas? Vuelva y pulse Enter. Si no, diga qué pasó con ellas.
    .head = Primero resuelva el vaso
obj-scan_spent = Esta lectura llegó tarde y no cuenta. Escanee otra vez.
    .head = ALTO — escanee otra vez
obj-barcode_unsupported = Este tipo de código se conoce, pero no se admite. Use No se lee (F6).
    .head = ALTO — código no admitido
obj-comment_missing = Este motivo necesita un comentario.
    .head = ALTO — falta el comentario
obj-filing_failed = NO se registró. Anótelo y avise a la jefa de turno.
    .head = ALTO — NO REGISTRADO
obj-check_by_hand = La página no puede juzgar la lectura. Compruebe a mano; no se registró nada.
    .head = ALTO — compruebe a mano

## Veredictos que no son objeciones

said-resident_opened = Escanee los medicamentos.
    .head = { $name }
said-unit_scanned = { $drug } · dar { $dose }
    .head = { $scanned } de { $needed } — escanee otro
said-prepared = { $drug } · { $dose } · en el vaso { $pot } de { $due }
    .head = En el vaso
said-confirmed = { $count ->
    [one] 1 dosis registrada como dada a las { $at }.
   *[other] { $count } dosis registradas como dadas a las { $at }.
 }
    .head = Administrada
said-undone = Sacado otra vez. No se registró nada.
    .head = Deshecho
said-charted = { $drug } · { $dose }
    .head = { $outcome }
said-settle_pot = { $count ->
    [one] Hay 1 dosis en el vaso. ¿Tomada? Enter. Luego escanee otra vez la pulsera.
   *[other] Hay { $count } dosis en el vaso. ¿Tomadas? Enter. Luego escanee otra vez la pulsera.
 }
    .head = Primero resuelva el vaso
said-empty_pot = Escanee primero un envase.
    .head = Nada en el vaso
said-ready = Escanee un envase, o una pulsera para el siguiente residente.
    .head = Listo
said-ready_round = Escanee una pulsera.
    .head = Listo

## Estado

status-due = Toca
status-late = Tarde
status-missed = Omitida
status-given = Dada
status-partial = Parcial
status-held = En pausa
status-refused = Rechazada
status-not_given = No dada
status-removed = Quitado
status-self_managed = La toma él
status-prn = Puede darse
status-next = Aún no
status-away = Ausente
status-withdrawn = Retirada

## Cabecera

app = emar
bar-pass = Ronda · { $place }
bar-progress = { $done } de { $total } residentes
bar-sign_off = Cerrar sesión
theme-night = Noche
theme-day = Día
demo-mark = DEMO — datos inventados
link-live = Conectado
link-lost = Sin contacto
link-stale = LA LISTA PUEDE SER ANTIGUA · { $seconds } s
link-wait = Conectando
age = { $years } años
room = Habitación
born = nació
id = ID
code-status = Reanimación: { $code }
allergy = ALERGIA
allergies = ALERGIAS
allergy-none = Sin alergias conocidas
allergy-unrecorded = ALERGIAS SIN REGISTRAR
slab-esc = Escanee otra vez
slab-or = o
how-scan = escanear
how-scan_badge = escanear + credencial
how-units = { $scanned } de { $needed }
how-pot = en el vaso
how-remove = Quitado
how-scanned = escaneado
how-typed = escrito
never-due = Ordenado, sin hora
row-no_time = sin hora
row-never_due = No se puede calcular la hora: { $why }. Avise a la jefa de turno; hay que cambiar la orden.
not-due = Ordenado, no toca ahora
doses = Dosis de ahora
doses-none = No toca nada para este residente ahora.
act-taken = Tomado
act-taken-none = escanee primero
act-taken-pot = { $pot } en el vaso
act-refused = Rechazado
act-hold = Pausa
act-unavailable = No disponible
act-undo = Deshacer último
act-cant_scan = No se lee
act-list = Lista de ronda
round = Lista de ronda
round-left = { $count ->
    [one] Queda 1 residente
   *[other] Quedan { $count } residentes
 }
round-doses = { $count ->
    [one] 1 dosis
   *[other] { $count } dosis
 }
round-done = hecho
round-allergy = Alergias

## Inicio de sesión

sign-title = Escanee su credencial
sign-read = Credencial leída
sign-pin = PIN
sign-pin-help = Al menos 6 cifras, después Enter.
sign-go = Iniciar sesión
sign-other = o escriba su número
sign-unit = Unidad

## Diálogos

second-title = Segunda persona
second-note = Calcule la dosis con la orden antes de mirar el vaso.
second-badge = Tarjeta: escanéela o escriba su número
second-pin = PIN
second-amount = La dosis que encuentra, con su unidad
second-go = La comprobé
second-nobody = No hay nadie más
second-why = Por qué no hay nadie más
second-alone = Darla sin testigo
ask-refused = Rechazado — ¿por qué?
ask-held = Pausa — ¿por qué?
ask-not_given = No dado — ¿por qué?
ask-removed = Quitado — ¿por qué ahora?
ask-warn = Diga por qué antes de contarlo
ask-digits = 1–9 elige, Esc vuelve.
ask-comment = Comentario
ask-comment-needed = Comentario (necesario)
ask-file = Registrar
ask-go = Seguir
ask-contact = Dar: se preguntó a quien prescribe — escriba quién, cuándo y qué dijo
measure-title = Mida primero
measure-hint = Cifras y Enter. Una sola anotación sirve para todas las dosis de esta ronda; Esc vuelve.
measure-go = Anotar y seguir
measure-last = última { $last }
measure-need = Escriba lo que muestra el aparato.
how-measure = medir
measure-hold = { $drug }: pausa { $op } { $bound }
measure-scale = { $drug }: unidades según escala
ask-back = Volver
scan-title = No se puede escanear
scan-what = ¿Qué no se puede escanear?
scan-band = Pulsera
scan-package = Envase
scan-why = ¿Por qué?
scan-last4 = Últimos cuatro caracteres impresos bajo el código
scan-check = Compruebe nombre, cara y fecha de nacimiento; fármaco, dosis, vía y hora.
scan-go = Buscar

## Motivos de resultado

reason-REF = Rechazado por el residente
reason-REF_TASTE = Rechazado: sabor
reason-REF_SE = Rechazado: efectos adversos
reason-HOLD_PARAM = Signo vital o análisis fuera de los límites
reason-HOLD_NURSE = Criterio de enfermería
reason-NPO = Nada por boca
reason-ASLEEP = Dormido, no despertado
reason-NAUSEA = Náuseas o vómitos
reason-UNAVAIL = Fármaco no disponible
reason-DAMAGED = Dañado o contaminado, sin otro a mano
reason-OUT_OF_DATE = Caducado, sin otro a mano
reason-NO_IV = Sin acceso (vena o sonda)
reason-UNSAFE = No puede tragar o somnoliento
reason-APPT = En cita o diálisis
reason-WASTED = Desechado: escupido o caído
reason-OTHER = Otro, ver comentario

## Motivos de excepción

why-resident_request = Lo pidió el residente
why-resident_away = El residente no estaba
why-meal = Hora de comer
why-procedure = Procedimiento o prueba
why-prescriber = Lo indicó el prescriptor
why-clinical = Necesidad clínica
why-workload = Carga de trabajo o urgencia
why-supply = El suministro llegó tarde
why-other = Otro, ver comentario
why-pain = Dolor
why-anxiety = Ansiedad o agitación
why-nausea = Náuseas
why-fever = Fiebre
why-constipation = Estreñimiento
why-breathing = Respiración
why-sleep = Sueño
why-itch = Picor
why-both_meant = Se quieren las dos
why-replaces = Sustituye a la otra, que se suspenderá
why-other_time = Otra hora o vía del mismo tratamiento
why-pharmacist = El farmacéutico está de acuerdo
why-put_back = Devuelto, no dado
why-give_later = Guardado para después
why-fell_off = Se cayó
why-read = Leída y cumplida
why-decision_stands = La decisión sigue, se pide la revisión
why-damaged_label = Etiqueta dañada
why-damaged_wristband = Pulsera dañada
why-no_barcode = Sin código
why-scanner_failure = Fallo del lector
why-dose_discrepancy = La dosis no coincide
why-unable_to_determine = No se puede determinar

## Problemas

problem-network = El servidor no contesta. NO se registró; intente otra vez.
problem-sign_on_failed = La credencial y el PIN no coinciden.
problem-scan_unread = Escanee otra vez, más despacio.

## Puesto

station-title = Puesto
station-live = En vivo · { $age } s
station-missed = Omitidas
station-late = Tarde
station-due = Tocan ahora
station-prn = A revisar
station-given = Dadas
station-carts = Ronda por carro
station-square = un cuadro = un residente, por habitación
station-progress = { $done } de { $total }
station-on_pace = a tiempo
station-behind = { $minutes } min de retraso
station-idle = sin ronda abierta
station-ends = termina { $at }
station-scan_ago = última lectura hace { $ago }
station-heard_ago = contacto hace { $ago }
station-never = aún sin contacto
station-silent = en silencio { $for }
station-waiting = puede haber { $count } registros esperando
station-alerts = Avisos
station-open = { $count } abiertos
station-alerts-none = Ningún aviso abierto
station-prn-panel = Seguimiento a demanda
station-prn-none = Nada pendiente de revisar
station-check_due = revisar a las { $at }
station-take = Tomar
station-taken = Lo tiene { $who } · { $at }
station-escalates = pasa a { $to }
station-quiet = Todo tranquilo. Todos los carros dieron señal en el último minuto.
station-unheard = Nada abierto aquí, pero sin señal de: { $carts }
station-no_carts = Nada abierto aquí, pero no hay carros dados de alta.
take-title = Tomar este aviso
take-badge = Escanee su credencial, o escriba su número
take-go = Tomar
take-note = Tomado no es resuelto: termina cuando se registra la dosis.

## Simulador

sim-title = Simulador de lector
sim-lead = Solo en la demo. Cada botón pone el código en el lector de { $cart }.
sim-badges = Credenciales
sim-bands = Pulseras
sim-packages = Envases
sim-commands = Tarjeta de órdenes
sim-raw = Cualquier código
sim-send = Escanear
sim-sent = Escaneado
sim-pin = PIN { $pin }

## Vías

route-po = por la boca
route-sl = bajo la lengua
route-buc = en la mejilla
route-gtube = por sonda de gastrostomía
route-ngtube = por sonda nasogástrica
route-jtube = por sonda de yeyunostomía
route-pr = por el recto
route-pv = por la vagina
route-top = sobre la piel
route-td = parche en la piel
route-subcut = bajo la piel (inyección)
route-im = en el músculo
route-id = en la piel (inyección)
route-iv = en una vena
route-inh = inhalado
route-neb = nebulizado
route-nas = en la nariz
route-oph = en el ojo
route-otic = en el oído
route-swish = enjuagar y tragar
route-wnd = sobre una herida
route-irr = irrigación de la vejiga

## Frecuencias

freq-daily = una vez al día
freq-qam = cada mañana
freq-qpm = cada tarde
freq-qhs = al acostarse
freq-bid = dos veces al día
freq-tid = tres veces al día
freq-qid = cuatro veces al día
freq-5xd = cinco veces al día, despierto
freq-q12h = cada 12 horas
freq-q8h = cada 8 horas
freq-q6h = cada 6 horas
freq-q4h = cada 4 horas
freq-q3h = cada 3 horas
freq-q2h = cada 2 horas
freq-q1h = cada hora
freq-achs = antes de cada comida y al acostarse
freq-ac = antes de las comidas, tres veces al día
freq-pc = después de las comidas, tres veces al día
freq-withmeals = con las comidas, tres veces al día
freq-acbk = antes del desayuno
freq-qod = un día sí y otro no
freq-q3d = cada 3 días
freq-q72h = cada 72 horas
freq-mwf = lunes, miércoles y viernes
freq-tts = martes, jueves y sábado
freq-weekly = una vez por semana
freq-biw = dos veces por semana
freq-tiw = tres veces por semana
freq-q2w = cada 2 semanas
freq-monthly = una vez al mes
freq-q28d = cada 28 días
freq-q3mo = cada 3 meses
freq-cycle = unos días sí, otros no
freq-taper = dosis escalonadas
freq-qshift = una vez por turno
freq-prn = a demanda
freq-stat = de inmediato
freq-once = una sola vez
freq-cont = continuo
freq-patch12 = parche 12 horas sí, 12 horas no
freq-ampass = con la ronda de la mañana
freq-hspass = con la ronda de la noche

## La lista de dosis

day-mon = lun
day-tue = mar
day-wed = mié
day-thu = jue
day-fri = vie
day-sat = sáb
day-sun = dom
row-prn = PRN
row-on_call = A la llamada
row-on_call_once = A la llamada, una vez
row-running = En curso
row-self-prompted = el residente la toma si se le recuerda
row-self-checked = el residente la toma, el personal comprueba
row-covert = encubierta: { $reference }, revisar { $review }
row-measure = medir primero: { $reading }
tie-before-breakfast = antes del desayuno
tie-before-lunch = antes de la comida
tie-before-dinner = antes de la cena
tie-with-breakfast = con el desayuno
tie-with-lunch = con la comida
tie-with-dinner = con la cena
tie-after-breakfast = después del desayuno
tie-after-lunch = después de la comida
tie-after-dinner = después de la cena
tie-bedtime = al acostarse
round-unrecorded = sin registrar
row-after = { $for } después de su hora
row-charted = registrada { $at } { $who }
row-unverified = sin verificar por otra persona
row-other_pot = en el vaso de otro carro
row-last = última { $at }
row-count = { $count } de { $most } en 24 h
units-half = media unidad ({ $piece })
amount-by_scale = según escala
amount-by_steps = por pasos
amount-by_weekday = según el día
amount-in_turn = por turnos
listed-draft = espera aceptación
listed-held = en pausa desde { $at }
listed-held_from = en pausa a partir de { $at }
listed-held_until = en pausa desde { $at } hasta { $until }
listed-do_not_give = marcada como no dar { $at } { $who }: { $why }
listed-not_started = empieza { $at }
listed-unschedulable = no se puede calcular la hora: { $why }
fault-no_times = no nombra ninguna hora del día
fault-list_too_long = una de sus listas es demasiado larga
fault-list_empty = una de sus listas está vacía
fault-length_out_of_range = una de sus duraciones es cero o demasiado larga
fault-anchor_date_missing = falta la fecha desde la que se cuentan los días
fault-monthly_rule = no dice en qué día del mes
fault-overflow_missing = no dice qué pasa en los meses sin ese día
fault-step_length = sus pasos no dicen cuánto dura cada uno, todos en días o todos en dosis
fault-two_dose_rules = nombra sus dosis de más de una manera
fault-dose_of_day_missing = en uno de sus días de la semana falta la dosis
fault-count_without_start = cuenta dosis y no dice desde cuándo
fault-too_long = tiene más dosis de las que se pueden planificar
fault-no_dose_to_come = tal como está escrita, nunca llega una dosis
listed-next = próxima { $at }
listed-charted_next = { $outcome } { $given }, próxima { $at }
listed-planning = toca, su dosis se está planificando; mire de nuevo en un momento
listed-none = no hay más dosis previstas
listed-too_soon = posible a partir de { $at }
listed-unverified = espera que la verifique una segunda persona
listed-away-hospital = en el hospital desde { $at }
listed-away-leave = de permiso desde { $at }
listed-away-day_release = fuera por el día desde { $at }
listed-until = hasta { $at }
listed-left = el residente ya no vive aquí
listed-charted_last = { $outcome } { $given }, no hay más dosis previstas
listed-why = ¿Por qué no toca ahora?
listed-why_prn = ¿Por qué no se puede dar ahora?
listed-self_managed = la guarda y toma el residente
listed-running = en curso desde { $at }
listed-running_until = en curso desde { $at } hasta { $until }

## El tablero

pass-morning = ronda de la mañana
pass-noon = ronda del mediodía
pass-evening = ronda de la tarde
pass-night = ronda de la noche
board-no_pass = entre rondas
alert-more = + { $count } más
alert-unwitnessed = Dada sin segunda persona
alert-double = Posible dosis doble
alert-order = La orden no se puede planificar
alert-due = tocaba { $at }
alert-since = desde { $at }
alert-quiet = en silencio hasta { $at }
alert-critical = de hora crítica
escalate-2 = jefa de turno en { $in }
escalate-3 = guardia en { $in }
start-title = Carros y puestos

## Rechazos: qué, por qué, qué hacer

from_room = Es de la habitación { $room }.
refusal-witness_differs = La segunda persona encontró otra dosis. No se preparó nada. Miren ambas de nuevo la orden y el envase y compruébenlo otra vez.
refusal-already_given = No se registró: esta dosis la dio { $by } a las { $given_at }. Mire la lista nueva.
refusal-already_charted = No se registró: { $by } registró esta dosis a las { $given_at } ({ $outcome }). Para cambiarla, corrija ese registro.
refusal-not_prepared = No se registró como dada: no se escaneó ningún envase para esta dosis. Escanee primero el envase.
refusal-not_scanned = No se registró como dada: no se escaneó su envase. Escanéelo; la lectura registra la dosis.
refusal-not_a_removal = No registrado: aquí se da algo, no se quita nada. Elija la retirada en la lista.
refusal-removal_only = No registrado: aquí se quita algo. Regístrelo como quitado o déjelo abierto.
refusal-nothing_on = No registrado: no consta nada puesto. Registre primero que se puso.
refusal-reason_missing = No se registró: hace falta un motivo. Elija uno.
refusal-reason_unknown = No se registró: este motivo no corresponde a este resultado. Elija uno de la lista.
refusal-comment_missing = No se registró: este motivo necesita un comentario. Escríbalo y registre otra vez.
refusal-amount_missing = No se registró: una dosis parcial necesita la cantidad tomada. Escríbala.
refusal-amount_unfit = No se registró: la cantidad no corresponde a la dosis ordenada de { $dose }. Dada es la dosis entera, parcial es menos, en unidades comparables.
refusal-time_missing = No se registró: ¿cuándo se hizo? Escriba la hora.
refusal-readings_missing = No se registró nada: no había ningún valor, o más de los que caben. Escriba cada medida una vez.
refusal-reading_unknown = No se registró nada: una de las entradas no es una medida que se guarde aquí. Vea /api/openapi.json.
refusal-reading_unfit = No se registró nada: { $reading } va de { $least } a { $most } { $unit }, y solo un glucómetro muestra HI o LO. Mire el aparato y escríbalo otra vez.
refusal-reading_twice = No se registró nada: { $reading } se escribió dos veces. Escríbalo una vez.
refusal-pressure_reversed = No se registró nada: la presión sistólica debe ser mayor que la diastólica. Mire cuál es cuál y escríbalas otra vez.
refusal-reading_in_future = No se registró nada: esa hora aún no ha llegado. Escriba cuándo se midió.
refusal-reading_too_old = No se registró nada: una medida se anota dentro de { $hours } horas. Mida otra vez.
refusal-time_in_future = No se registró: esa hora aún no ha llegado. Escriba cuándo se hizo.
refusal-time_before_start = No se registró: la orden empieza el { $starts_at }, después de esa hora. Escriba cuándo se hizo.
refusal-dose_unknown = No se registró: esta dosis ya no se conoce. Mire la lista nueva.
refusal-dose_missing = No se registró: no se dijo qué dosis es. Elíjala de la lista.
refusal-order_unknown = No se hizo: esta orden no se conoce. Mire la lista nueva.
refusal-order_state = No se hizo: la orden ya no está en el estado necesario. Mírela otra vez.
refusal-version_older = No se aceptó: ya hay una versión más nueva de esta orden.
refusal-order_held = No se pausó: la orden ya está o estará en pausa. Quite antes esa pausa.
refusal-hold_past = No se pausó: una pausa no puede empezar en el pasado. Elija ahora o una hora posterior.
refusal-hold_reversed = No se pausó: la pausa termina antes de empezar. Elija un final posterior.
refusal-absence_past = No se registró: una ausencia empieza como mucho 24 horas antes de registrarla. Elija una hora posterior y registre lo que tocaba antes.
refusal-absence_reversed = No se registró: la ausencia termina antes de empezar. Elija un final posterior.
refusal-absence_contradicted = No se registró: { $by } dio algo aquí a las { $given_at }, cuando el residente estaría ausente. Elija otra hora o corrija antes ese registro.
refusal-resident_present = No se registró: este residente no está ausente ni va a estarlo. No hay nada que hacer.
refusal-resident_state = No se hizo: la situación de este residente en la casa no lo permite. Mire otra vez al residente.
refusal-room_unknown = No se readmitió: la casa no tiene esa habitación. Elija una habitación de la casa.
refusal-mark_of_another = No se quitó: { $by } marcó esta orden. Pídaselo, o a la jefa de turno o al farmacéutico.
refusal-renewal_needless = No se renovó: esta orden no tiene final. No hay nada que hacer.
refusal-renewal_not_longer = No se renovó: esta orden ya dura hasta { $ends_at }. Elija un final posterior.
refusal-renewal_needs_evaluation = No se renovó: un antipsicótico a demanda se ordena de nuevo cuando el prescriptor ha visto al residente. Registre una orden nueva.
refusal-order_changed = No se hizo: alguien cambió esta orden entretanto. Véala de nuevo y decida después.
refusal-order_other_drug = No se cambió: otro fármaco, residente o remitente es otra orden. Registre una orden nueva y suspenda esta.
refusal-change_starts_later = No se cambió: un cambio rige de inmediato y hasta { $starts_at } no correspondería ninguna dosis de esta orden. Deje su inicio como estaba; para un cambio posterior, haga que esta orden termine entonces y registre una nueva que empiece entonces.
refusal-order_charted = No se corrigió: ya hay una dosis registrada de esta orden. Registre una versión nueva.
refusal-error_charted = No se retiró: ya hay una dosis registrada de esta orden, y lo que se hizo debe quedar con ella. Suspenda la orden y diga ahí que se introdujo por error.
refusal-error_prepared = No se retiró: { $by } tiene una dosis de esta orden en un vaso desde las { $prepared_at }. Que se saque con «Deshacer último» y vuelva a intentarlo; si se dio, que se confirme y suspenda la orden.
refusal-order_findings = No se aceptó: algo de esta orden es erróneo o dudoso. Mire cada punto y corríjalo o diga por qué.
refusal-verify_own = No se verificó: quien anotó o aceptó una orden no puede verificarla. Pida a otra persona.
refusal-role_forbidden = No se hizo: su función no lo permite. Pida a la jefa de turno.
refusal-role_cannot_chart = No se registró: su función no lo permite. Pida a la jefa de turno.
refusal-alert_taken = No se tomó: { $by } tomó esta alerta a las { $since_at }.
refusal-alert_changed = No se hizo: la alerta cambió entretanto. Mírela otra vez.
refusal-alert_ended = No se hizo: esta alerta ya terminó.
refusal-never_quiet = No se silenció: una dosis de hora crítica nunca calla. Tome la alerta.
refusal-quiet_too_long = No se silenció: una alerta puede callar de 1 a 60 minutos. Elija menos tiempo.
refusal-transcription_done = No se hizo: alguien ya quitó este mensaje de la lista. Mire la lista nueva.
refusal-resident_unknown = No se hizo: este residente no se conoce aquí. Compruebe el censo.
refusal-administration_unknown = No se corrigió: no se encontró el registro anterior. Mire la lista otra vez.
refusal-correction_of_another_dose = No se corrigió: el registro anterior es de otra dosis. Abra el registro que hay que corregir.
refusal-badge_in_use = No se añadió: otra persona que trabaja aquí tiene esta credencial. Use otra credencial.
refusal-sign_on_first = No se hizo: nadie ha iniciado sesión. Escanee su credencial.
refusal-key_reused = No se hizo: esta clave se usó para otra petición. Envíela con una clave nueva.
refusal-unavailable = No se registró: el servidor está ocupado. Inténtelo otra vez.
refusal-outcome_unknown = No se sabe si se registró. Envíelo otra vez con la misma clave.
refusal-locked_out = El acceso está bloqueado tras demasiados PIN erróneos. Espere, o pida ayuda a administración.
refusal-sign_on_failed = La credencial y el PIN no coinciden. Escanee la credencial otra vez.

## El puesto de enfermería: páginas con sesión

desk-nav = Páginas
desk-places = Carros y puestos
desk-read_at = a { $at }
desk-sign = Inicie sesión para leer
desk-sign_again = Su sesión terminó. Iníciela de nuevo; lo escrito se conserva.
desk-place = Aquí
desk-not_enrolled = Este navegador no está registrado como carro ni como puesto, así que aquí nadie puede iniciar sesión. Pida un código de un solo uso a administración.
desk-enrol = Registrar este dispositivo
desk-refused = No se muestra
desk-role = Su función no puede leer residentes, dosis ni órdenes. Consulte a la enfermera responsable o a la dirección de enfermería.
desk-unavailable = El registro no se puede leer ahora. Cargue la página otra vez; si continúa, use la hoja en papel.

## La hoja de medicación

month-1 = enero
month-2 = febrero
month-3 = marzo
month-4 = abril
month-5 = mayo
month-6 = junio
month-7 = julio
month-8 = agosto
month-9 = septiembre
month-10 = octubre
month-11 = noviembre
month-12 = diciembre
mar-title = Hoja de medicación
mar-no_resident = No hay tal residente en sus unidades. Elija uno en el tablero de su puesto.
mar-no_month = No hay tal mes. Un mes se escribe AAAA-MM.
mar-months = Meses
mar-before = mes anterior
mar-after = mes siguiente
mar-orders = Órdenes de este residente
mar-keys = Las flechas van de dosis en dosis, Enter abre su historia, Esc la cierra.
mar-scheduled = Programadas
mar-ended = Órdenes terminadas
mar-prn = Sin horas previstas: si hace falta (PRN), a la llamada, continuas
mar-prn-none = No se dio en este mes.
mar-none = Ninguna en este mes.
mar-order = Orden
mar-time = Hora
mar-legend = Qué significan las marcas
mar-horizon = Las dosis por venir se planifican con { $days } días de antelación; los días posteriores quedan vacíos hasta entonces.
mar-close = Cerrar
mar-ended-discontinued = suspendida { $at }
mar-ended-expired = terminó { $at }
mar-ended-completed = completada { $at }
mar-ended-entered_in_error = introducida por error, retirada { $at }
mar-apart = con al menos { $for } de intervalo
mar-most = como máximo { $most } en 24 h
mar-apart_range = cada { $for } a { $most }, nunca antes
mar-most_day = como máximo { $most } por día natural
mar-due = Tocaba { $at }
mar-planned = Planificada para { $at }
mar-moved = La hora cambió a { $at }
mar-expected = Se espera de nuevo, toca { $at }
mar-window = a tiempo de { $from } a { $to }
mar-shifted = El cambio de hora la movió: la hora prescrita no existe esa noche.
mar-withdrawn-superseded = Ya no se espera: una orden cambiada ocupó su lugar
mar-withdrawn-discontinued = Ya no se espera: la orden se suspendió
mar-withdrawn-entered_in_error = Nunca fue para dar: la orden se introdujo por error
mar-withdrawn-held = Ya no se espera: la orden está en pausa
mar-withdrawn-away = Ya no se espera: el residente está ausente
mar-withdrawn-self_managed = No se espera del personal: la guarda y toma el residente
mar-withdrawn-not_applied = No se espera: no hay nada puesto que quitar
mar-withdrawn-merged = Una sola con la dosis del mismo momento: el cambio de hora pone ambas ahí
mar-withdrawn-do_not_give = Ya no se espera: la orden está marcada como no dar
mar-prepared = Puesta en el vaso
mar-returned = Sacada del vaso, no dada
mar-by_at = { $who } · { $place }
mar-administered = Administrada { $at } por { $who }
mar-recorded = Registrada { $at }
mar-cart = En { $place }
mar-amount = Cantidad: { $amount }
mar-ordered = Ordenada entonces: { $amount }
mar-why = Motivo: { $why }
mar-comment = Comentario: { $text }
mar-accepted = Aceptado: { $about } ({ $why })
mar-witnessed = Comprobado por { $who } como segunda persona, { $at }
mar-past = Registrada después, con su propia hora
mar-corrects = Corrige el registro de { $at } de { $who }
mar-corrected = Corregida { $at } por { $who }
mar-beside = Guardada junto al registro vigente: posible dosis doble

## Órdenes

orders-title = Órdenes
orders-whose = Mostrar
orders-waiting = Lo que espera, de todos
orders-show = Mostrar
orders-to_note = Por aceptar
orders-to_note-none = Ninguna orden espera ser aceptada.
orders-to_verify = Por verificar
orders-to_verify-none = Ninguna orden aceptada espera a una segunda persona.
orders-on_hold = En pausa
orders-on_hold-none = Ninguna orden está en pausa.
orders-active = Activas
orders-active-none = Ninguna otra orden está activa.
orders-more = y { $count } más; elija un residente para verlas
orders-state-draft = Borrador
orders-state-do_not_give = No dar
orders-state-unverified = Aceptada, sin verificar
orders-state-active = Activa
orders-role-pharmacist = Puede introducir, verificar, pausar y suspender órdenes. Aceptar y reanudar es de enfermería.
orders-role-reader = Su función lee órdenes y no cambia ninguna. Enfermería las acepta; una segunda enfermera o farmacia verifica.
orders-second_person = Usted introdujo o aceptó esta orden: la verifica una segunda persona.
orders-from = desde { $at }
orders-until = hasta { $at }
orders-until_law = hasta { $at }, por ley
orders-prescribed = prescrita por { $who }
orders-off = se quita { $at }
orders-entered = introducida por { $who }
orders-received = recibida de { $from }
orders-noted = aceptada por { $who }
orders-verified = verificada por { $who }
orders-allergy = Ordenada a pesar de una reacción registrada: { $why }
orders-note = Aceptar
orders-verify = Verificar
orders-hold = Pausar
orders-resume = Reanudar
orders-discontinue = Suspender
orders-entered_in_error = Introducida por error
orders-because = ¿Por qué?
orders-because-needed = No hecho: diga por qué.
orders-renew = Renovar
orders-do_not_give = No dar
orders-may_give = Se puede dar
done-renew = Renovada.
done-do_not_give = Marcada: no dar.
done-may_give = Se quitó la marca.
renew-until-needed = No se hizo: diga hasta cuándo se renueva.
stay-title = Estancia
stay-here = Vive aquí y está aquí.
stay-discharged = Dado de alta: { $why }
stay-deceased = Ha fallecido: { $why }
stay-to_be-hospital = estará en el hospital desde { $at }
stay-to_be-leave = estará de permiso desde { $at }
stay-to_be-day_release = estará fuera por el día desde { $at }
stay-choice_left = { $name } (de alta)
stay-away = Se ausenta
stay-back = Ha vuelto
stay-discharge = Dar de alta
stay-readmit = Readmitir
stay-where = ¿Dónde?
stay-kind-hospital = Hospital
stay-kind-leave = Permiso, con noche
stay-kind-day_release = Fuera parte del día
stay-died = Ha fallecido
stay-room = Habitación, si es otra
stay-room_same = la que tenía
done-absence = Registrado como ausente.
done-return = Registrado que ha vuelto.
done-discharge = Dado de alta.
done-readmit = Readmitido.
letters-title = Por transcribir
letters-note = Lo que envió la farmacia y no se llevó a cabo. Léalo, haga a mano lo que pide y diga qué se hizo.
letters-nobody = Residente desconocido
letters-unread = No se pudo leer
letters-from = de { $who }, { $at }
letters-not_done = no realizado
letters-more = y { $count } más, posteriores; quite estos de la lista para verlos
letters-done = Hecho
letters-waiting =
    { $count ->
        [one] 1 mensaje de una farmacia no se llevó a cabo y espera a una persona.
       *[other] { $count } mensajes de farmacias no se llevaron a cabo y esperan a una persona.
    }
done-letter = Quitado de la lista.
done-note = Aceptada.
done-verify = Verificada.
done-hold = En pausa.
done-resume = Activa de nuevo.
done-discontinue = Suspendida.
done-entered_in_error = Retirada: se introdujo por error.
done-enter = Introducida como borrador. Espera ser aceptada.
enter-title = Introducir una orden
enter-note = Es un borrador hasta que enfermería lo acepta.
enter-resident = Residente
enter-drug = Fármaco, como en el formulario
enter-allergy = Reacción registrada aceptada por el prescriptor: por qué
enter-number = Dosis
enter-unit = Unidad
enter-route = Vía
enter-when = Cuándo
enter-frequency = Frecuencia
enter-frequency-none = a las horas de abajo, cada día
enter-times = Horas, si no son las del hogar
enter-days = Días de la semana
enter-limits = Límites
enter-apart = Horas entre dosis, al menos
enter-most = Dosis en 24 h, como máximo
enter-apart_max = De un intervalo, hasta
enter-count_by = Se cuentan
enter-rolling = en cualquier período de 24 horas
enter-calendar_day = por día natural
enter-start = Inicio
enter-written = Horas de la zona del hogar, así: 2026-11-02 08:00.
enter-stop = Fin, si lo hay
enter-about = Prescriptor y fin legal
enter-prescriber = Prescriptor
enter-expires = Fin legal, si la ley lo fija
enter-indication = Para qué
enter-instructions = Instrucciones
enter-go = Introducir el borrador
enter-fields = No introducida: vea los campos marcados. No se pierde nada de lo escrito.
enter-unknown = No se sabe si se introdujo. Mire en «Por aceptar» antes de enviarla otra vez.
wrong-resident = Elija un residente de sus unidades que viva aquí.
wrong-drug = El formulario no tiene un fármaco con este nombre. Elija uno de la lista.
wrong-allergy = Reacción registrada a { $ingredient }: { $reaction }. Diga por qué el prescriptor lo ordena de todos modos, o elija otro fármaco.
wrong-number = Escriba la dosis como un número mayor que cero, como 0.5 o 500.
wrong-unit = Elija la unidad de la dosis.
wrong-dose_unfit = { $dose } no se puede hacer con { $form } de { $strength }. Revise número, unidad y concentración.
wrong-route = Elija la vía.
wrong-frequency = Esta frecuencia no se puede planificar desde aquí. Elija otra, o hasta cinco horas del día.
wrong-frequency_none = Elija una frecuencia, o escriba las horas del día.
wrong-window = El hogar no tiene margen de tiempo para esta frecuencia. Elija otra, o avise a administración.
wrong-times = Escriba las horas así: 08:00 20:00.
wrong-times_count = Esta frecuencia tiene { $wanted } horas al día. Escriba tantas, o ninguna para las del hogar.
wrong-days = Elija los días de la semana.
wrong-days_count = Esta frecuencia tiene { $wanted } días a la semana. Elija tantos.
wrong-days_unused = Esta frecuencia ya nombra sus días. Quite los días, o elija una semanal.
wrong-prn_indication = Una orden si hace falta dice para qué.
wrong-prn_apart = Escriba las horas entre dos dosis: más de cero, como máximo 168.
wrong-prn_range = Escriba más horas que el intervalo menor, como máximo 168, o déjelo vacío.
wrong-prn_most = Escriba cuántas dosis puede haber en 24 h: de 1 a 100.
wrong-time = Escriba la hora así: 2026-11-02 08:00.
wrong-time_gap = El cambio de hora se salta esta hora. Elija una anterior o posterior.
wrong-time_twice = El cambio de hora repite esta hora. Elija una anterior o posterior.
wrong-stop = La orden terminaría antes de empezar. Elija un fin posterior.
wrong-text = Como máximo 1,000 bytes. Acórtelo.

## Lo que haría una orden

preview-title = Lo que hace esto
preview-added = { $count ->
    [one] 1 dosis añadida
   *[other] { $count } dosis añadidas
 }
preview-removed = { $count ->
    [one] 1 dosis quitada
   *[other] { $count } dosis quitadas
 }
preview-moved = { $count ->
    [one] 1 dosis movida
   *[other] { $count } dosis movidas
 }
preview-unchanged = { $count } como ahora
preview-until = Se miraron las dosis anteriores a { $at }.
preview-as_noted = Son las dosis que tendrá cuando enfermería la acepte.
preview-gap_min = Intervalo menor { $for }: { $from } a { $to }
preview-gap_max = Intervalo mayor { $for }: { $from } a { $to }
preview-taken = { $at }, tomada
preview-overlap = Demasiado cerca: { $ingredient } { $first } y { $second }, con { $for } de intervalo.
preview-overlaps_more = { $count ->
    [one] 1 más está demasiado cerca.
   *[other] { $count } más están demasiado cerca.
 }
preview-merged = Por el cambio de hora, dos dosis coinciden el { $at } y son una.
preview-was = (era { $at })
preview-why-superseded = reemplazada
preview-why-discontinued = suspendida
preview-why-entered_in_error = introducida por error
preview-why-held = en pausa
preview-why-away = ausente
preview-why-self_managed = la guarda y toma el residente
preview-why-not_applied = no hay nada puesto que quitar
preview-why-merged = una sola con la dosis del mismo momento
preview-why-do_not_give = marcada como no dar
preview-total = { $ingredient } { $after }
preview-now = (ahora { $before })
preview-nothing = nada
preview-left_out = dosis que no se pueden sumar
preview-load = { $pass } { $before } → { $after }
preview-none = No cambia ninguna dosis de los días mirados.
preview-day = Día
preview-doses = Dosis
preview-totals = Principio activo en el día
preview-loads = Dosis en la ronda, toda la unidad
preview-more = { $count ->
    [one] y 1 día más
   *[other] y { $count } días más
 }
pass-none = entre rondas

## Una orden leída de vuelta

says-prn = si hace falta para { $for }
says-first_now = primera dosis ahora
says-first_next = primera dosis a su próxima hora
says-once = una vez, { $at }
says-interval = cada { $every }, diga lo que diga el reloj, desde { $at }
says-times = a las { $times }
says-daily = cada día
says-dow = los { $days }
says-every_days = cada { $days } días, contados desde { $date }
says-cycle = { $on } días sí, { $off } días no, contados desde { $date }
says-month_day = el día { $day }
says-month_nth = el { $nth } { $day }
nth-1 = primer
nth-2 = segundo
nth-3 = tercer
nth-4 = cuarto
nth-5 = quinto
nth--1 = último
says-each_month = { $day } de cada mes
says-months = { $day }, cada { $every } meses, contados desde { $from }
says-clamp = en un mes más corto, su último día
says-skip = no en un mes más corto
says-turns = por turno, día a día: { $doses }, contados desde { $date }
says-other_days = otros días
says-step = Paso { $number }: { $dose }{ $times }, { $for }
says-step_days = { $count ->
    [one] 1 día
   *[other] { $count } días
 }
says-step_doses = { $count ->
    [one] 1 dosis
   *[other] { $count } dosis
 }
says-dates = { $from } a { $to }
says-goes_on = de ahí en adelante
says-ends_on = Ninguna dosis desde el { $date }.
says-ends = Ninguna dosis después del último paso.
says-acknowledge = Quien la dé debe confirmar: { $text }
says-window = se da desde { $before } min antes hasta { $after } min después de su hora
says-hold = Retener cuando { $rules }.
says-hold_or = o cuando
says-hold_age = { $count ->
    [one] Cada medición puede tener como máximo 1 minuto.
   *[other] Cada medición puede tener como máximo { $count } minutos.
 }
says-rule-below = { $reading } está por debajo de { $value }
says-rule-at_or_below = { $reading } está en { $value } o por debajo
says-rule-above = { $reading } está por encima de { $value }
says-rule-at_or_above = { $reading } está en { $value } o por encima
says-rule-exactly = { $reading } está exactamente en { $value }
says-gate_example = Con { $reading } { $value }: { $then }.
says-gate-give = dar
says-gate-hold = retener
says-gate-measure = medir primero
says-scale = Según la glucosa en { $unit }: { $rows }.
says-scale_example = Con { $value }: { $then }.
says-span = { $lo } a { $hi }
says-span_low = { $hi } o menos
says-span_high = { $lo } o más
says-span_any = cualquier valor
reading-sbp = presión sistólica
reading-dbp = presión diastólica
reading-hr = frecuencia cardíaca
reading-hr_apical = pulso apical
reading-hr_radial = pulso radial
reading-rr = frecuencia respiratoria
reading-spo2 = saturación de oxígeno
reading-temp = temperatura
reading-inr = INR
reading-glucose = glucosa
reading-weight = peso

## Lo que una escala dice en lugar de unidades

action-give_none = ninguna unidad; registre la dosis como no dada, no necesaria
action-call_prescriber = llame a quien prescribe
action-treat_low = trate la glucosa baja y llame a quien prescribe

reading-pain = dolor

## El formulario de una orden: pautas y cambios

orders-change = Cambiar
done-new_version = Cambiada: la nueva versión está vigente.
done-correction = Corregida.
hold-from = Desde, si no es ahora
hold-until = Hasta, si se sabe el final
hold-now = ahora
hold-resumed = hasta que se reanude
enter-pattern = Cómo se da
pattern-regular = Cada día, o como dice una frecuencia
pattern-weekdays = Ciertos días de la semana
pattern-every_days = Cada tantos días
pattern-cycle = Días sí, días no
pattern-monthly = Un día del mes
pattern-steps_days = Pauta escalonada, por días
pattern-steps_doses = Pauta escalonada, por dosis
pattern-turns = Dosis por turno, día a día
pattern-by_day = Una dosis para cada día de la semana
pattern-once = Una sola vez
pattern-stat = De inmediato (STAT)
pattern-prn = Si hace falta (PRN)
pattern-on_call_once = A demanda, una sola vez
pattern-on_call = A demanda, hasta que se suspenda
pattern-running = Continua, sin horas del día
pattern-pair = Se pone y se retira (parche)
enter-steps = Pasos
enter-steps_days-note = Cada paso dura tantos días. Deje vacíos los días del último si continúa.
enter-steps_doses-note = Cada paso dura tantas dosis. Deje vacías las dosis del último si continúa.
enter-step_number = Dosis
enter-step_days = Días
enter-step_doses = Dosis
enter-step_times = Horas, si son propias
enter-add_step = Añadir un paso
enter-remove = Quitar esta fila
enter-turns = Dosis por turno
enter-turns-note = La primera se da el primer día, la siguiente al día siguiente, y así, de nuevo desde el principio.
enter-add_turn = Añadir una dosis
enter-by_day = Dosis para cada día de la semana
enter-by_day-note = En un día vacío no se da nada.
enter-every = Cada tantos días
enter-on = Días sí
enter-off = Días no
enter-month_day = Día del mes
enter-overflow = Si un mes no tiene ese día
enter-month_nth = O qué día de la semana del mes
enter-month_dow = Día de la semana
enter-months = Cada tantos meses
enter-anchor = Contado desde, si no es el inicio
enter-first = Primera dosis
enter-off_times = Se retira a las
enter-off_times-note = Se retira a la primera de estas horas después de ponerlo. Déjelo vacío si se retira al poner el siguiente.
enter-giving = Administración
enter-self_administration = Quién se ocupa de la toma
level-staff = La da el personal
level-prompted = El residente la toma si se le recuerda
level-checked = El residente la toma, el personal comprueba
level-self_managed = El residente la guarda y la toma, el personal no da nada
enter-acknowledge = Quien la dé debe confirmar las instrucciones
enter-covert-note = Solo si se da sin que el residente lo sepa:
enter-covert_reference = Decisión en que se basa
enter-covert_review = Revisar antes de
enter-elapsed = Horas transcurridas, diga lo que diga el reloj
enter-elapsed-note = Para Q4H, Q6H, Q8H y Q12H: tantas horas de dosis a dosis, también con el cambio de hora, y no las horas del hogar.
enter-window-note = Minutos en torno a su hora en que puede darse esta orden, si son menos que los del hogar. Déjelos vacíos para los del hogar.
enter-before = Minutos antes
enter-after = Minutos después
enter-holds = Parámetros de retención
enter-holds-note = La dosis se retiene cuando se cumple cualquiera, exactamente como está escrito. Antes hay que medir cada valor.
enter-hold_code = Medición
enter-hold_op = Está
enter-hold_value = Valor
enter-hold_age = Antigüedad máxima de una medición, en minutos
enter-add_hold = Añadir un parámetro
compare-below = por debajo de
compare-at_or_below = en o por debajo de
compare-above = por encima de
compare-at_or_above = en o por encima de
compare-exactly = exactamente en
enter-scale = Escala móvil
enter-scale-note = La glucosa dice entonces cuánto se da: deje vacía la dosis de arriba. Números enteros, ambos extremos incluidos; deje vacío Desde en la fila más baja y Hasta en la más alta. Cada fila dice unidades, o qué hacer en su lugar.
enter-scale_unit = Glucosa en
enter-scale_from = Desde
enter-scale_to = Hasta
enter-scale_units = Unidades
enter-scale_action = O hacer en su lugar
enter-add_scale = Añadir una fila
change-title = Cambiar una orden
change-kind = ¿Qué clase de cambio es?
change-new_version = Nueva versión: desde ahora es otra cosa
change-correction = Corrección: nunca fue como está escrita y aún no hay nada registrado
change-reason = ¿Por qué?
change-go = Mostrar el cambio
change-leave = Dejarla como está
wrong-kind = Elija qué clase de cambio es: una nueva versión o una corrección.
wrong-reason = Diga por qué se cambia.
wrong-pattern = Elija cómo se da.
wrong-frequency_plain = Con esta pauta elija una frecuencia que solo diga cuántas veces al día, o ninguna.
wrong-steps = Escriba al menos un paso: su dosis y cuánto dura.
wrong-length = Escriba cuánto dura este paso como un número entero mayor que cero. Solo el último puede continuar.
wrong-turns = Escriba al menos dos dosis.
wrong-by_day = Escriba la dosis de al menos un día de la semana.
wrong-whole = Escriba un número entero mayor que cero.
wrong-month_day = Escriba un día de 1 a 31, o elija qué día de la semana del mes.
wrong-month_dow = Elija el día de la semana.
wrong-overflow = No todos los meses tienen ese día. Elija qué pasa entonces.
wrong-anchor = Escriba el día así: 2026-11-02, o con hora: 2026-11-02 08:00.
wrong-expires = La ley terminaría la orden antes de su inicio. Elija un fin posterior, o ninguno.
wrong-prescriber = Como máximo 200 bytes. Acórtelo.
wrong-on_call_stop = Lo que puede pedirse otra vez termina algún día. Escriba su fin, o elija una sola vez.
wrong-off_times = Entre dos horas de ponerlo no se retira nada. Escriba una hora de retirada entre ellas, o ninguna.
wrong-self_administration = Elija quién se ocupa de la toma.
wrong-needs_staff = A quien guarda y toma un fármaco no se le mide, no se le oculta ni se le lee nada: esto necesita personal que lo dé. Elija otro nivel, o deje fuera parámetros de retención, escala, administración encubierta y lo que se ha de confirmar.
wrong-acknowledge = No hay instrucciones que confirmar. Escríbalas, o deje esto fuera.
wrong-covert_reference = Diga en qué decisión se basa la administración encubierta, en 1,000 bytes como máximo, o deje también vacía su revisión.
wrong-covert_review = Escriba el día antes del cual se revisa la decisión, como 2026-12-01, o deje también vacía la decisión.
wrong-elapsed = Esta frecuencia no dice cuántas horas. Elija una que lo diga, como Q6H, o deje esto fuera.
wrong-elapsed_times = Las horas transcurridas no tienen horas del día. Deje vacías las horas, o deje fuera las horas transcurridas.
wrong-window_minutes = Escriba minutos enteros de 0 a 1,440, o déjelo vacío para los del hogar.
wrong-window_wide = El hogar permite dar esta dosis a { $most } min de su hora como máximo por este lado. Escriba { $most } o menos, o déjelo vacío.
wrong-hold_none = Escriba al menos un parámetro, o deje vacíos los minutos.
wrong-hold_code = Elija la medición.
wrong-hold_op = Elija cómo se compara.
wrong-hold_value = Escriba el valor como un número sencillo, como 100 o 37.5.
wrong-hold_age = Escriba cuántos minutos puede tener una medición, como un número entero mayor que cero.
wrong-hold_undecided = Toda medición cumple esto o ninguna puede: { $rule }. Compruébelo con la orden.
wrong-hold_reversed = Estos no dejan ningún valor de { $reading } con el que se dé la dosis: uno está al revés. Compruébelos con la orden.
wrong-scale_none = Escriba las filas de la escala, o deje vacía su unidad.
wrong-scale_unit = Elija la unidad de la glucosa.
wrong-scale_end = Escriba un número entero, o déjelo vacío donde la fila queda abierta.
wrong-scale_units = Escriba las unidades como un número sencillo, como 0 o 4.
wrong-scale_action = Como máximo 200 bytes. Acórtelo.
wrong-scale_answer = Escriba unidades o qué hacer en su lugar, una de las dos cosas.
wrong-scale_reversed = Esta fila termina antes de empezar. Escriba primero el número menor.
wrong-scale_overlap = Las filas { $lower } y { $upper } se solapan. Una medición debe caer en una sola fila.
wrong-scale_gap = Las filas { $lower } y { $upper } dejan un hueco. Toda medición debe caer en una fila.
wrong-scale_open = La escala no tiene fila para las mediciones más bajas o más altas. Deje vacío Desde en la fila más baja y Hasta en la más alta.

## La revisión de farmacia

review-title = Revisión de farmacia
review-all = Todos: lo que pide una mirada
review-note = Cada orden con lo que pide una segunda mirada: sin verificar, por terminar, dudosa, o dudosa y respondida. Elija un residente para ver todas sus órdenes y cuánto se usaron las de si hace falta. Desde aquí se verifican órdenes y nada más.
review-none = Ninguna orden pide una mirada.
review-expiring = Termina { $at }, en { $for }
review-answered = Duda respondida: { $about } ({ $why })
review-used = { $count ->
    [one] Usada una vez en los últimos 14 días
   *[other] Usada { $count } veces en los últimos 14 días
 }
review-unused = No usada en los últimos 14 días
