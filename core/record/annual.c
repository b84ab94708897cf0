#include "core/record/annual.h"

#include <stdio.h>
#include <string.h>

/* One row a field: name, item of the dictionary, words, and the code whose label follows the words. */
static const struct {
	const char *name;
	unsigned item;
	const char *en, *fr, *es, *ar;
	const char *list, *code;
} fields[CDR_ANNUAL_FIELD_COUNT] = {
#define ROW(field, ...) [CDR_ANNUAL_##field] = { __VA_ARGS__ }
	ROW(RECRUITMENTS, "recruitments", 1, "Recruitments concluded", "Recrutements conclus", "Contrataciones concluidas", "عمليات التوظيف المنتهية", NULL, NULL),
	ROW(RECRUITMENTS_UNCHECKED, "recruitments_unchecked", 1, "of these without a check here", "dont sans vérification ici", "de ellas sin verificación aquí", "منها دون تحقق هنا", NULL, NULL),
	ROW(HIRED, "hired", 1, "of these hired after a check", "dont embauchés après vérification", "de ellas contratadas tras una verificación", "منها توظيف بعد التحقق", NULL, NULL),
	ROW(REQUESTS_MADE, "requests_made", 2, "Requests made", "Demandes envoyées", "Solicitudes enviadas", "الطلبات المرسلة", NULL, NULL),
	ROW(REQUESTS_MEMBERS, "requests_made_members", 2, "of these to members", "dont à des membres", "de ellas a miembros", "منها إلى الأعضاء", NULL, NULL),
	ROW(REQUESTS_OTHERS, "requests_made_others", 2, "of these to others", "dont à d’autres", "de ellas a otros", "منها إلى غير الأعضاء", NULL, NULL),
	ROW(REQUESTS_WITHDRAWN, "requests_withdrawn", 2, "Requests withdrawn before an answer", "Demandes retirées avant réponse", "Solicitudes retiradas antes de la respuesta", "طلبات سُحبت قبل الرد", NULL, NULL),
	ROW(REQUESTS_EXPIRED, "requests_expired", 2, "Requests that expired without an answer", "Demandes expirées sans réponse", "Solicitudes vencidas sin respuesta", "طلبات انتهت دون رد", NULL, NULL),
	ROW(OUTSTANDING_BEFORE, "outstanding_before", 2, "Outstanding when the year began", "En attente au début de l’année", "Pendientes al comenzar el año", "معلّقة في بداية السنة", NULL, NULL),
	ROW(OUTSTANDING, "outstanding", 2, "Outstanding when the year ended", "En attente à la fin de l’année", "Pendientes al terminar el año", "معلّقة في نهاية السنة", NULL, NULL),
	ROW(RESPONSES_RECEIVED, "responses_received", 3, "Answers received", "Réponses reçues", "Respuestas recibidas", "الردود المستلمة", NULL, NULL),
	ROW(RESPONSES_MEMBERS, "responses_received_members", 3, "of these from members", "dont de membres", "de ellas de miembros", "منها من الأعضاء", NULL, NULL),
	ROW(RESPONSES_OTHERS, "responses_received_others", 3, "of these from others", "dont d’autres", "de ellas de otros", "منها من غير الأعضاء", NULL, NULL),
	ROW(RESPONSES_LATE, "responses_late", 3, "of these late", "dont en retard", "de ellas con retraso", "منها متأخرة", NULL, NULL),
	ROW(DAYS_MEDIAN, "days_median", 3, "Days to an answer: median", "Jours jusqu’à la réponse : médiane", "Días hasta la respuesta: mediana", "الأيام حتى الرد: الوسيط", NULL, NULL),
	ROW(DAYS_P90, "days_p90", 3, "Days to an answer: 90th percentile", "Jours jusqu’à la réponse : 90e centile", "Días hasta la respuesta: percentil 90", "الأيام حتى الرد: المئين 90", NULL, NULL),
	ROW(SUPERSEDED, "statements_superseded", 3, "Answers replaced by a later one", "Réponses remplacées par une autre", "Respuestas sustituidas por otra posterior", "ردود حل محلها رد لاحق", NULL, NULL),
#define RECEIVED "Answers received", "Réponses reçues", "Respuestas recibidas", "الردود المستلمة"
#define PROVIDED "Answers provided", "Réponses fournies", "Respuestas dadas", "الردود المقدمة"
#define TOLD "Disclosures received", "Divulgations reçues", "Comunicaciones recibidas", "الإفصاحات المستلمة"
#define GIVEN "Disclosures provided", "Divulgations fournies", "Comunicaciones dadas", "الإفصاحات المقدمة"
#define LIMIT "Unable to answer", "Réponse impossible", "No se puede responder", "تتعذر الإجابة"
	ROW(RECEIVED_DISCLOSURE, "received_disclosure", 3, RECEIVED, "result", "disclosure"),
	ROW(RECEIVED_UNABLE, "received_unable_to_answer", 3, RECEIVED, "result", "unable_to_answer"),
	ROW(RECEIVED_NO_RECORD, "received_no_record_held", 3, RECEIVED, "result", "no_record_held"),
	ROW(RECEIVED_NOT_KNOWN, "received_not_known_here", 3, RECEIVED, "result", "not_known_here"),
	ROW(RECEIVED_EXPLOITATION, "disclosed_to_us_sexual_exploitation", 3, TOLD, "misconduct_type", "sexual_exploitation"),
	ROW(RECEIVED_ABUSE, "disclosed_to_us_sexual_abuse", 3, TOLD, "misconduct_type", "sexual_abuse"),
	ROW(RECEIVED_HARASSMENT, "disclosed_to_us_sexual_harassment", 3, TOLD, "misconduct_type", "sexual_harassment"),
	ROW(RECEIVED_FINDING, "disclosed_to_us_finding", 3, TOLD, "question", "finding"),
	ROW(RECEIVED_ONGOING, "disclosed_to_us_ongoing_now", 3, TOLD, "question", "ongoing_now"),
	ROW(RECEIVED_LEFT, "disclosed_to_us_left_during", 3, TOLD, "question", "left_during"),
	ROW(REQUESTS_RECEIVED, "requests_received", 4, "Requests received", "Demandes reçues", "Solicitudes recibidas", "الطلبات المستلمة", NULL, NULL),
	ROW(RESPONSES_PROVIDED, "responses_provided", 4, PROVIDED, NULL, NULL),
	ROW(NOT_ANSWERED_WITHDRAWN, "not_answered_withdrawn", 4, "Not answered: withdrawn", "Sans réponse : retirées", "Sin responder: retiradas", "دون رد: سُحبت", NULL, NULL),
	ROW(NOT_ANSWERED_EXPIRED, "not_answered_expired", 4, "Not answered: expired", "Sans réponse : expirées", "Sin responder: vencidas", "دون رد: انتهت المهلة", NULL, NULL),
	ROW(NOT_ANSWERED_OTHER, "not_answered_other", 4, "Not answered: other reasons", "Sans réponse : autres motifs", "Sin responder: otros motivos", "دون رد: أسباب أخرى", NULL, NULL),
	ROW(PROVIDED_DISCLOSURE, "provided_disclosure", 4, PROVIDED, "result", "disclosure"),
	ROW(PROVIDED_UNABLE, "provided_unable_to_answer", 4, PROVIDED, "result", "unable_to_answer"),
	ROW(PROVIDED_NO_RECORD, "provided_no_record_held", 4, PROVIDED, "result", "no_record_held"),
	ROW(PROVIDED_NOT_KNOWN, "provided_not_known_here", 4, PROVIDED, "result", "not_known_here"),
	ROW(LIMIT_EMPLOYMENT_LAW, "unable_national_employment_law", 4, LIMIT, "legal_limit_reason", "national_employment_law"),
	ROW(LIMIT_DATA_PROTECTION, "unable_data_protection", 4, LIMIT, "legal_limit_reason", "data_protection"),
	ROW(LIMIT_SETTLEMENT, "unable_settlement_confidentiality", 4, LIMIT, "legal_limit_reason", "settlement_confidentiality"),
	ROW(LIMIT_CRIMINAL_CASE, "unable_ongoing_criminal_case", 4, LIMIT, "legal_limit_reason", "ongoing_criminal_case"),
	ROW(LIMIT_LITIGATION, "unable_litigation_hold", 4, LIMIT, "legal_limit_reason", "litigation_hold"),
	ROW(LIMIT_POLICY, "unable_organisational_policy", 4, LIMIT, "legal_limit_reason", "organisational_policy"),
	ROW(LIMIT_OTHER, "unable_other", 4, LIMIT, "legal_limit_reason", "other"),
	ROW(PROVIDED_EXPLOITATION, "disclosed_sexual_exploitation", 4, GIVEN, "misconduct_type", "sexual_exploitation"),
	ROW(PROVIDED_ABUSE, "disclosed_sexual_abuse", 4, GIVEN, "misconduct_type", "sexual_abuse"),
	ROW(PROVIDED_HARASSMENT, "disclosed_sexual_harassment", 4, GIVEN, "misconduct_type", "sexual_harassment"),
	ROW(PROVIDED_FINDING, "disclosed_finding", 4, GIVEN, "question", "finding"),
	ROW(PROVIDED_ONGOING, "disclosed_ongoing_now", 4, GIVEN, "question", "ongoing_now"),
	ROW(PROVIDED_LEFT, "disclosed_left_during", 4, GIVEN, "question", "left_during"),
	ROW(REJECTED_NEGATIVE, "rejected_negative", 5, "Rejected on a negative answer", "Écartés sur réponse négative", "Descartados por una respuesta negativa", "استُبعدوا بسبب رد سلبي", NULL, NULL),
	ROW(REJECTED_ABSENT, "rejected_absent", 5, "Rejected for want of an answer", "Écartés faute de réponse", "Descartados por falta de respuesta", "استُبعدوا لغياب الرد", NULL, NULL),
	ROW(COMPLAINTS_RECEIVED, "complaints_received", 6, "Complaints received", "Plaintes reçues", "Quejas recibidas", "الشكاوى المستلمة", NULL, NULL),
	ROW(COMPLAINTS_UPHELD, "complaints_upheld", 6, "Complaints upheld", "Plaintes retenues", "Quejas estimadas", "الشكاوى المقبولة", NULL, NULL),
	ROW(LAWSUITS, "lawsuits", 6, "Lawsuits", "Procès", "Demandas judiciales", "الدعاوى القضائية", NULL, NULL),
	ROW(OBJECTIONS, "objections", 6, "Objections", "Oppositions", "Oposiciones", "الاعتراضات", NULL, NULL),
	ROW(ERASURES, "erasures", 6, "Requests for erasure", "Demandes d’effacement", "Solicitudes de supresión", "طلبات المحو", NULL, NULL),
	ROW(MATCH_QUERIES, "match_queries", 0, "Checks that were matched", "Vérifications rapprochées", "Verificaciones cotejadas", "عمليات تحقق طوبقت", NULL, NULL),
	ROW(MATCHES, "matches", 0, "Matches", "Rapprochements", "Coincidencias", "المطابقات", NULL, NULL),
	ROW(MATCHES_CONFIRMED, "matches_confirmed", 0, "Matches confirmed after review", "Rapprochements confirmés après examen", "Coincidencias confirmadas tras revisión", "مطابقات تأكدت بعد المراجعة", NULL, NULL),
	ROW(MATCHES_FALSE, "matches_false", 0, "False matches", "Faux rapprochements", "Falsas coincidencias", "مطابقات خاطئة", NULL, NULL),
	ROW(MATCHES_FALSE_NODE, "matches_false_node", 0, "of these dismissed by a node", "dont écartés par un nœud", "de ellas descartadas por un nodo", "منها استبعدها الجهاز", NULL, NULL),
	ROW(MATCHES_FALSE_PERSON, "matches_false_person", 0, "of these found so by a person", "dont constatés par une personne", "de ellas constatadas por una persona", "منها تبيّنها شخص", NULL, NULL),
};

/* see core/record/annual.h */
const char *
cdr_annual_name(enum cdr_annual_field field)
{
	return (unsigned)field < CDR_ANNUAL_FIELD_COUNT ? fields[field].name : "";
}

/* see core/record/annual.h */
enum cdr_annual_field
cdr_annual_of(const char *name)
{
	unsigned field = 0;

	while (field < CDR_ANNUAL_FIELD_COUNT && strcmp(fields[field].name, name) != 0)
		field++;
	return (enum cdr_annual_field)field;
}

/* see core/record/annual.h */
unsigned
cdr_annual_item(enum cdr_annual_field field)
{
	return (unsigned)field < CDR_ANNUAL_FIELD_COUNT ? fields[field].item : 0;
}

/* see core/record/annual.h */
void
cdr_annual_label(enum cdr_annual_field field, const struct cdr_codebook *codebook, const char *language,
    char label[static CDR_ANNUAL_LABEL_LEN])
{
	label[0] = '\0';
	if ((unsigned)field >= CDR_ANNUAL_FIELD_COUNT)
		return;
	const char *words = strcmp(language, "fr") == 0 ? fields[field].fr :
	    strcmp(language, "es") == 0             ? fields[field].es :
	    strcmp(language, "ar") == 0             ? fields[field].ar :
						      fields[field].en;
	const char *code = fields[field].list != NULL ? cdr_codebook_label_peek(codebook, fields[field].list, fields[field].code, language) : "";
	(void)snprintf(label, CDR_ANNUAL_LABEL_LEN, "%s%s%s", words, code[0] != '\0' ? ": " : "", code);
}

/* ---- what follows -------------------------------------------------------------------------------------------------------- */

/* The smallest number of days within which ${percent} of the answers came. */
static uint64_t
percentile(const uint64_t days[static CDR_ANNUAL_DAYS], unsigned percent)
{
	uint64_t all = 0, seen = 0;

	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		all += days[i];
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++) {
		seen += days[i];
		if (seen > 0 && seen * 100 >= all * percent)
			return i;
	}
	return 0;
}

/* Totals, and their parts. */
static const struct {
	enum cdr_annual_field total, part[2];
} sums[] = {
	{ CDR_ANNUAL_REQUESTS_MADE, { CDR_ANNUAL_REQUESTS_MEMBERS, CDR_ANNUAL_REQUESTS_OTHERS } },
	{ CDR_ANNUAL_RESPONSES_RECEIVED, { CDR_ANNUAL_RESPONSES_MEMBERS, CDR_ANNUAL_RESPONSES_OTHERS } },
	{ CDR_ANNUAL_MATCHES_FALSE, { CDR_ANNUAL_MATCHES_FALSE_NODE, CDR_ANNUAL_MATCHES_FALSE_PERSON } },
};

#define SUM_COUNT (sizeof(sums) / sizeof(sums[0]))

/* see core/record/annual.h */
void
cdr_annual_complete(struct cdr_annual *annual)
{
	for (size_t i = 0; i < SUM_COUNT; i++)
		annual->value[sums[i].total] = annual->value[sums[i].part[0]] + annual->value[sums[i].part[1]];
	annual->value[CDR_ANNUAL_DAYS_MEDIAN] = percentile(annual->days, 50);
	annual->value[CDR_ANNUAL_DAYS_P90] = percentile(annual->days, 90);
}

/* see core/record/annual.h */
void
cdr_annual_add(struct cdr_annual *sector, const struct cdr_annual *annual)
{
	sector->year = annual->year;
	for (size_t i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++)
		sector->value[i] += annual->value[i];
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		sector->days[i] += annual->days[i];
	cdr_annual_complete(sector);
}

/* see core/record/annual.h */
int
cdr_annual_share(uint64_t part, uint64_t whole)
{
	return whole > 0 ? (int)((part * 2000 + whole) / (2 * whole)) : -1;
}

/* ---- what cannot be, and what is odd -------------------------------------------------------------------------------------- */

static cdr_err
at_most(const struct cdr_annual *annual, uint64_t part, enum cdr_annual_field whole, const char *what, struct cdr_fault *fault)
{
	if (part <= annual->value[whole])
		return CDR_OK;
	return cdr_fault_set(fault, CDR_E_INPUT, "%s: %llu, and %s is %llu", what, (unsigned long long)part, fields[whole].name,
	    (unsigned long long)annual->value[whole]);
}

static cdr_err
check_ranges(const struct cdr_annual *annual, struct cdr_fault *fault)
{
	if (annual->year < CDR_ANNUAL_YEAR_MIN || annual->year > CDR_ANNUAL_YEAR_MAX)
		return cdr_fault_set(fault, CDR_E_RANGE, "year: from %d to %d", CDR_ANNUAL_YEAR_MIN, CDR_ANNUAL_YEAR_MAX);
	for (size_t i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++)
		if (annual->value[i] > CDR_ANNUAL_VALUE_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "%s: more than %u", fields[i].name, CDR_ANNUAL_VALUE_MAX);
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		if (annual->days[i] > CDR_ANNUAL_VALUE_MAX)
			return cdr_fault_set(fault, CDR_E_RANGE, "days: more than %u", CDR_ANNUAL_VALUE_MAX);
	return CDR_OK;
}

/* see core/record/annual.h */
cdr_err
cdr_annual_check(const struct cdr_annual *annual, struct cdr_fault *fault)
{
	const uint64_t *v = annual->value;
	struct cdr_annual right = *annual;
	uint64_t by_days = 0;
	cdr_err err = CDR_E_INTERNAL;

	CDR_TRY(check_ranges(annual, fault));
	cdr_annual_complete(&right);
	for (size_t i = 0; i < CDR_ANNUAL_FIELD_COUNT; i++)
		if (right.value[i] != v[i])
			return cdr_fault_set(fault, CDR_E_INPUT, "%s: %llu, but the rest makes it %llu", fields[i].name, (unsigned long long)v[i],
			    (unsigned long long)right.value[i]);
	for (size_t i = 0; i < CDR_ANNUAL_DAYS; i++)
		by_days += annual->days[i];
	if (by_days != v[CDR_ANNUAL_RESPONSES_RECEIVED])
		return cdr_fault_set(fault, CDR_E_INPUT, "responses_received: %llu, but %llu by days", (unsigned long long)v[CDR_ANNUAL_RESPONSES_RECEIVED],
		    (unsigned long long)by_days);
	CDR_TRY(at_most(annual, v[CDR_ANNUAL_REJECTED_NEGATIVE] + v[CDR_ANNUAL_REJECTED_ABSENT] + v[CDR_ANNUAL_HIRED] + v[CDR_ANNUAL_RECRUITMENTS_UNCHECKED],
	    CDR_ANNUAL_RECRUITMENTS, "hired, rejected and unchecked", fault));
	if (v[CDR_ANNUAL_RESPONSES_RECEIVED] > v[CDR_ANNUAL_OUTSTANDING_BEFORE] + v[CDR_ANNUAL_REQUESTS_MADE])
		return cdr_fault_set(fault, CDR_E_INPUT, "responses_received: %llu, and only %llu requests were made or outstanding before",
		    (unsigned long long)v[CDR_ANNUAL_RESPONSES_RECEIVED],
		    (unsigned long long)(v[CDR_ANNUAL_OUTSTANDING_BEFORE] + v[CDR_ANNUAL_REQUESTS_MADE]));
	CDR_TRY(at_most(annual, v[CDR_ANNUAL_RESPONSES_LATE], CDR_ANNUAL_RESPONSES_RECEIVED, "responses_late", fault));
	CDR_TRY(at_most(annual, v[CDR_ANNUAL_RECEIVED_DISCLOSURE] + v[CDR_ANNUAL_RECEIVED_UNABLE] + v[CDR_ANNUAL_RECEIVED_NO_RECORD] +
	    v[CDR_ANNUAL_RECEIVED_NOT_KNOWN], CDR_ANNUAL_RESPONSES_RECEIVED, "answers received by result", fault));
	CDR_TRY(at_most(annual, v[CDR_ANNUAL_PROVIDED_DISCLOSURE] + v[CDR_ANNUAL_PROVIDED_UNABLE] + v[CDR_ANNUAL_PROVIDED_NO_RECORD] +
	    v[CDR_ANNUAL_PROVIDED_NOT_KNOWN], CDR_ANNUAL_RESPONSES_PROVIDED, "answers provided by result", fault));
	if (v[CDR_ANNUAL_OUTSTANDING] > v[CDR_ANNUAL_OUTSTANDING_BEFORE] + v[CDR_ANNUAL_REQUESTS_MADE])
		return cdr_fault_set(fault, CDR_E_INPUT, "outstanding: more than were outstanding before and were asked");
	err = CDR_OK;
out:
	return err;
}

/* see core/record/annual.h */
size_t
cdr_annual_notes(const struct cdr_annual *annual, char notes[static CDR_ANNUAL_NOTE_MAX][CDR_ANNUAL_NOTE_LEN])
{
	const uint64_t *v = annual->value;
	size_t count = 0;

	if (v[CDR_ANNUAL_RESPONSES_RECEIVED] > v[CDR_ANNUAL_REQUESTS_MADE])
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "more answers (%llu) than requests (%llu) in the year: some are to requests of the year before",
		    (unsigned long long)v[CDR_ANNUAL_RESPONSES_RECEIVED], (unsigned long long)v[CDR_ANNUAL_REQUESTS_MADE]);
	if (v[CDR_ANNUAL_RESPONSES_PROVIDED] > v[CDR_ANNUAL_REQUESTS_RECEIVED])
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "more answers provided (%llu) than requests received (%llu): some are to requests of the year before",
		    (unsigned long long)v[CDR_ANNUAL_RESPONSES_PROVIDED], (unsigned long long)v[CDR_ANNUAL_REQUESTS_RECEIVED]);
	if (v[CDR_ANNUAL_OUTSTANDING_BEFORE] + v[CDR_ANNUAL_REQUESTS_MADE] != v[CDR_ANNUAL_RESPONSES_RECEIVED] + v[CDR_ANNUAL_REQUESTS_WITHDRAWN] +
	    v[CDR_ANNUAL_REQUESTS_EXPIRED] + v[CDR_ANNUAL_OUTSTANDING])
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "what was asked is not what was answered, withdrawn, expired or is outstanding: answers may have come after a request "
		    "had expired");
	if (v[CDR_ANNUAL_COMPLAINTS_UPHELD] > v[CDR_ANNUAL_COMPLAINTS_RECEIVED])
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "more complaints upheld than received: some are of the year before");
	if (v[CDR_ANNUAL_MATCHES_CONFIRMED] + v[CDR_ANNUAL_MATCHES_FALSE] > v[CDR_ANNUAL_MATCHES])
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "more matches judged than found: some are of the year before");
	if (v[CDR_ANNUAL_RECRUITMENTS] == 0)
		(void)snprintf(notes[count++], CDR_ANNUAL_NOTE_LEN, "no recruitment was concluded: record the outcome of each check, and with --recruitments-unchecked those "
		    "without one");
	return count;
}
