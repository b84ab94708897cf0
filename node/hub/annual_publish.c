#include "node/hub/annual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/record/json.h"
#include "core/record/sheet.h"
#include "node/net/print.h"
#include "node/net/publish.h"

/* The annual figures as files for people: see node/hub/annual.h. */

enum { EN, FR, ES, AR, LANGUAGE_COUNT };
static const char *const languages[LANGUAGE_COUNT] = { "en", "fr", "es", "ar" };

/* The words that are no field's. */
enum word { TITLE, SUBTITLE, SECTOR, ORGANISATIONS, NOT_REPORTED, ORGANISATION, REPORTED, RESPONSE_RATE, BY_OTHERS, FALSE_RATE, METHOD, NONE, FIGURE, VALUE };
static const char *const words[][LANGUAGE_COUNT] = {
	[TITLE] = { "Annual figures", "Chiffres annuels", "Cifras anuales", "الأرقام السنوية" },
	[SUBTITLE] = { "How the exchange worked: requests, answers, days, decisions", "Comment l’échange a fonctionné : demandes, réponses, délais, décisions",
	    "Cómo funcionó el intercambio: solicitudes, respuestas, plazos, decisiones", "كيف عمل نظام التبادل: الطلبات والردود والمدد والقرارات" },
	[SECTOR] = { "The sector", "Le secteur", "El sector", "القطاع" },
	[ORGANISATIONS] = { "Organisation by organisation", "Organisation par organisation", "Organización por organización", "المنظمات واحدة واحدة" },
	[NOT_REPORTED] = { "Did not report", "N’ont pas rendu compte", "No han informado", "لم تقدّم تقريرها" },
	[ORGANISATION] = { "Organisation", "Organisation", "Organización", "المنظمة" },
	[REPORTED] = { "Organisations reporting, of all members", "Organisations ayant rendu compte, sur tous les membres", "Organizaciones que informaron, de todos los miembros",
	    "المنظمات التي قدمت تقريرها من جميع الأعضاء" },
	[RESPONSE_RATE] = { "Answers received, of requests made", "Réponses reçues sur demandes envoyées", "Respuestas recibidas de solicitudes enviadas",
	    "الردود المستلمة من الطلبات المرسلة" },
	[BY_OTHERS] = { "Answers from organisations that are no members", "Réponses d’organisations non membres", "Respuestas de organizaciones no miembros",
	    "ردود من منظمات غير أعضاء" },
	[FALSE_RATE] = { "False matches, of matches that were judged", "Faux rapprochements, sur ceux jugés", "Falsas coincidencias, de las evaluadas",
	    "المطابقات الخاطئة من المطابقات التي فُحصت" },
	[METHOD] = { "Counted by the organisations' nodes as they worked, signed by each organisation, added up here. A figure belongs to the calendar year (UTC) of the act; "
		"answers may be to requests of the year before. Recruitments without a check are as the organisation says.",
	    "Compté par les nœuds des organisations au fil de leur travail, signé par chacune, additionné ici. Un chiffre relève de l’année civile (UTC) de l’acte ; une "
		"réponse peut concerner une demande de l’année précédente. Les recrutements sans vérification sont ceux que l’organisation déclare.",
	    "Contado por los nodos de las organizaciones mientras trabajaban, firmado por cada una y sumado aquí. Una cifra pertenece al año natural (UTC) del acto; una "
		"respuesta puede corresponder a una solicitud del año anterior. Las contrataciones sin verificación son las que declara la organización.",
	    "عدّتها أجهزة المنظمات أثناء عملها ووقّعتها كل منظمة وجُمعت هنا. ينتمي كل رقم إلى السنة الميلادية (بالتوقيت العالمي) التي وقع فيها الفعل، وقد يكون الرد على طلب من السنة السابقة. أما "
		"عمليات التوظيف دون تحقق فهي كما تصرّح بها المنظمة." },
	[NONE] = { "every member reported", "tous les membres ont rendu compte", "todos los miembros informaron", "قدّم جميع الأعضاء تقاريرهم" },
	[FIGURE] = { "Figure", "Chiffre", "Cifra", "البند" },
	[VALUE] = { "Value", "Valeur", "Valor", "القيمة" },
};

/* What is published for the sector as shares: part and whole. */
static const struct {
	enum word word;
	const char *name;
	enum cdr_annual_field part, whole;
} shares[] = {
	{ RESPONSE_RATE, "response_rate", CDR_ANNUAL_RESPONSES_RECEIVED, CDR_ANNUAL_REQUESTS_MADE },
	{ BY_OTHERS, "answered_by_others", CDR_ANNUAL_RESPONSES_OTHERS, CDR_ANNUAL_RESPONSES_RECEIVED },
};

#define SHARE_COUNT (sizeof(shares) / sizeof(shares[0]))

/* The columns of the tables of organisations: the data dictionary's, with their HXL tags. */
static const struct {
	enum cdr_annual_field field;
	const char *tag;
} columns[] = {
	{ CDR_ANNUAL_RECRUITMENTS, "#indicator+recruitments+num" }, { CDR_ANNUAL_REQUESTS_MADE, "#indicator+requests_made+num" },
	{ CDR_ANNUAL_RESPONSES_RECEIVED, "#indicator+responses_received+num" }, { CDR_ANNUAL_RESPONSES_PROVIDED, "#indicator+responses_provided+num" },
	{ CDR_ANNUAL_REJECTED_NEGATIVE, "#indicator+rejected_negative+num" }, { CDR_ANNUAL_REJECTED_ABSENT, "#indicator+rejected_absent+num" },
	{ CDR_ANNUAL_COMPLAINTS_UPHELD, "#indicator+complaints_upheld+num" },
};

#define COLUMN_COUNT (sizeof(columns) / sizeof(columns[0]))
#define FIXED 3 /* year, name, code */

struct publishing {
	const struct cdr_hub_returns *returns;
	const char *folder;
	uint64_t created;
	struct cdr_codebook *codebook;
	struct cdr_fault *fault;
};

static int
false_rate(const struct cdr_annual *annual)
{
	return cdr_annual_share(annual->value[CDR_ANNUAL_MATCHES_FALSE], annual->value[CDR_ANNUAL_MATCHES_FALSE] + annual->value[CDR_ANNUAL_MATCHES_CONFIRMED]);
}

/* "12.5 %"; a dash where there is no whole. */
static void
write_share(int share, char text[static 24])
{
	if (share < 0)
		(void)snprintf(text, 24, "\xe2\x80\x93");
	else
		(void)snprintf(text, 24, "%d.%d %%", share / 10, share % 10);
}

static cdr_err
put(const struct publishing *p, const char *ending, const void *data, size_t len)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "annual-%u.%s", p->returns->year, ending);
	return cdr_publish_put(p->folder, name, data, len, p->fault);
}

/* ---- CSV and workbook ----------------------------------------------------------------------------------------------------- */

/* The table of the dictionary: header, tags, a row for each organisation that reported. */
static void
fill_organisations(const struct publishing *p, struct cdr_sheet *sheet)
{
	static const char *const fixed[FIXED][2] = { { "year", "#date+year" }, { "organisation", "#org+name" }, { "code", "#org+code" } };

	cdr_sheet_start(sheet, "Organisations", FIXED + COLUMN_COUNT, 2);
	for (size_t row = 0; row < 2; row++) {
		for (size_t i = 0; i < FIXED; i++)
			cdr_sheet_cell(sheet, fixed[i][row]);
		for (size_t i = 0; i < COLUMN_COUNT; i++)
			cdr_sheet_cell(sheet, row == 0 ? cdr_annual_name(columns[i].field) : columns[i].tag);
	}
	sheet->is_number[0] = true;
	for (size_t i = 0; i < COLUMN_COUNT; i++)
		sheet->is_number[FIXED + i] = true;
	for (size_t i = 0; i < p->returns->count; i++) {
		const struct cdr_hub_return *one = &p->returns->list[i];
		if (!one->reported)
			continue;
		cdr_sheet_number(sheet, p->returns->year);
		cdr_sheet_cell(sheet, one->name);
		cdr_sheet_cell(sheet, one->member);
		for (size_t c = 0; c < COLUMN_COUNT; c++)
			cdr_sheet_number(sheet, one->annual.figures.value[columns[c].field]);
	}
}

#define NAMED 2 /* organisation, code */
_Static_assert(NAMED + CDR_ANNUAL_FIELD_COUNT <= CDR_XLSX_COLUMN_MAX, "each figure has a column");

/* The row of one organisation, or of the sector; cells are empty where nothing was reported (NULL). */
static void
fill_figures_row(struct cdr_sheet *sheet, const char *name, const char *code, const struct cdr_annual *figures)
{
	cdr_sheet_cell(sheet, name);
	cdr_sheet_cell(sheet, code);
	for (unsigned f = 0; f < CDR_ANNUAL_FIELD_COUNT; f++)
		if (figures != NULL)
			cdr_sheet_number(sheet, figures->value[f]);
		else
			cdr_sheet_cell(sheet, "");
}

/* Every figure: a column each, the sector first, then each organisation. */
static void
fill_figures(const struct publishing *p, struct cdr_sheet *sheet)
{
	char label[CDR_ANNUAL_LABEL_LEN];

	cdr_sheet_start(sheet, "All figures", NAMED + CDR_ANNUAL_FIELD_COUNT, 2);
	cdr_sheet_cell(sheet, "organisation");
	cdr_sheet_cell(sheet, "code");
	for (unsigned f = 0; f < CDR_ANNUAL_FIELD_COUNT; f++) {
		cdr_sheet_cell(sheet, cdr_annual_name((enum cdr_annual_field)f));
		sheet->is_number[NAMED + f] = true;
	}
	cdr_sheet_cell(sheet, "");
	cdr_sheet_cell(sheet, "");
	for (unsigned f = 0; f < CDR_ANNUAL_FIELD_COUNT; f++) {
		cdr_annual_label((enum cdr_annual_field)f, p->codebook, "en", label);
		cdr_sheet_cell(sheet, label);
	}
	fill_figures_row(sheet, words[SECTOR][EN], "", &p->returns->sector);
	for (size_t i = 0; i < p->returns->count; i++) {
		const struct cdr_hub_return *one = &p->returns->list[i];
		fill_figures_row(sheet, one->name, one->member, one->reported ? &one->annual.figures : NULL);
	}
}

static void
fill_not_reported(const struct publishing *p, struct cdr_sheet *sheet)
{
	cdr_sheet_start(sheet, "Did not report", 2, 1);
	cdr_sheet_cell(sheet, "organisation");
	cdr_sheet_cell(sheet, "code");
	for (size_t i = 0; i < p->returns->count; i++)
		if (!p->returns->list[i].reported) {
			cdr_sheet_cell(sheet, p->returns->list[i].name);
			cdr_sheet_cell(sheet, p->returns->list[i].member);
		}
}

static cdr_err
put_tables(const struct publishing *p)
{
	enum { ORGANISATIONS_SHEET, NOT_REPORTED_SHEET, FIGURES_SHEET, SHEET_COUNT };
	cdr_err err = CDR_E_INTERNAL;
	struct cdr_sheet sheets[SHEET_COUNT];
	const struct cdr_sheet *list[SHEET_COUNT];
	struct cdr_out csv = { 0 };
	uint8_t *data = NULL;
	size_t len;

	fill_organisations(p, &sheets[ORGANISATIONS_SHEET]);
	fill_not_reported(p, &sheets[NOT_REPORTED_SHEET]);
	fill_figures(p, &sheets[FIGURES_SHEET]);
	for (size_t i = 0; i < SHEET_COUNT; i++)
		list[i] = &sheets[i];
	cdr_sheet_csv(&sheets[ORGANISATIONS_SHEET], &csv);
	CDR_TRY(csv.err);
	CDR_TRY(put(p, "csv", csv.data, csv.len));
	CDR_TRY(cdr_sheet_xlsx(list, SHEET_COUNT, &data, &len));
	CDR_TRY(put(p, "xlsx", data, len));
	err = CDR_OK;
out:
	for (size_t i = 0; i < SHEET_COUNT; i++)
		cdr_sheet_free(&sheets[i]);
	cdr_out_free(&csv);
	free(data);
	return err;
}

/* ---- JSON -------------------------------------------------------------------------------------------------------------------- */

static json_t *
figures_json(const struct cdr_annual *annual)
{
	json_t *object = json_object();

	for (unsigned f = 0; f < CDR_ANNUAL_FIELD_COUNT; f++)
		(void)json_object_set_new(object, cdr_annual_name((enum cdr_annual_field)f), json_integer((json_int_t)annual->value[f]));
	return object;
}

static json_t *
share_json(int share)
{
	return share < 0 ? json_null() : json_real(share / 1000.0);
}

static json_t *
time_json(uint64_t seconds)
{
	char text[32] = "";
	time_t at = (time_t)seconds;
	struct tm utc;

	if (gmtime_r(&at, &utc) != NULL)
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
	return json_string(text);
}

static cdr_err
put_json(const struct publishing *p)
{
	const struct cdr_hub_returns *returns = p->returns;
	json_t *organisations = json_array(), *missing = json_array(), *sector = figures_json(&returns->sector);
	char *text = NULL;

	for (size_t i = 0; i < SHARE_COUNT; i++)
		(void)json_object_set_new(sector, shares[i].name,
		    share_json(cdr_annual_share(returns->sector.value[shares[i].part], returns->sector.value[shares[i].whole])));
	(void)json_object_set_new(sector, "false_match_rate", share_json(false_rate(&returns->sector)));
	for (size_t i = 0; i < returns->count; i++) {
		const struct cdr_hub_return *one = &returns->list[i];
		if (one->reported)
			(void)json_array_append_new(organisations, json_pack("{s:s, s:s, s:s, s:o, s:i, s:o}", "code", one->member, "name", one->name, "signed_by",
			    one->annual.signed_by, "signed_at", time_json(one->annual.signed_at), "revision", (int)one->annual.revision, "figures",
			    figures_json(&one->annual.figures)));
		else
			(void)json_array_append_new(missing, json_pack("{s:s, s:s}", "code", one->member, "name", one->name));
	}
	json_t *all = json_pack("{s:i, s:o, s:I, s:I, s:o, s:o, s:o}", "year", (int)returns->year, "made_at", time_json(p->created), "organisations_reporting",
	    (json_int_t)returns->reported_count, "members", (json_int_t)returns->count, "sector", sector, "organisations", organisations, "did_not_report",
	    missing);
	text = all != NULL ? json_dumps(all, JSON_INDENT(2)) : NULL;
	json_decref(all);
	cdr_err err = text != NULL ? put(p, "json", text, strlen(text)) : CDR_E_MEMORY;
	cdr_json_free(text);
	return err;
}

/* ---- PDF ----------------------------------------------------------------------------------------------------------------------- */

static void
print_sector(const struct publishing *p, struct cdr_print *print, size_t l)
{
	const struct cdr_annual *sector = &p->returns->sector;
	const char *header[] = { words[FIGURE][l], words[VALUE][l] };
	char label[CDR_ANNUAL_LABEL_LEN], text[64];

	cdr_print_heading(print, words[SECTOR][l]);
	cdr_print_fields(print);
	(void)snprintf(text, sizeof(text), "%zu / %zu", p->returns->reported_count, p->returns->count);
	cdr_print_field(print, words[REPORTED][l], text);
	for (size_t i = 0; i < SHARE_COUNT; i++) {
		write_share(cdr_annual_share(sector->value[shares[i].part], sector->value[shares[i].whole]), text);
		cdr_print_field(print, words[shares[i].word][l], text);
	}
	write_share(false_rate(sector), text);
	cdr_print_field(print, words[FALSE_RATE][l], text);
	cdr_print_table(print, header, 2, 2);
	for (unsigned f = 0; f < CDR_ANNUAL_FIELD_COUNT; f++) {
		cdr_annual_label((enum cdr_annual_field)f, p->codebook, languages[l], label);
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)sector->value[f]);
		const char *cells[] = { label, text };
		cdr_print_row(print, cells, 2);
	}
}

static void
print_organisations(const struct publishing *p, struct cdr_print *print, size_t l)
{
	char labels[COLUMN_COUNT][CDR_ANNUAL_LABEL_LEN], values[COLUMN_COUNT][24];
	const char *cells[1 + COLUMN_COUNT] = { words[ORGANISATION][l] };

	for (size_t c = 0; c < COLUMN_COUNT; c++) {
		cdr_annual_label(columns[c].field, p->codebook, languages[l], labels[c]);
		cells[1 + c] = labels[c];
	}
	cdr_print_page(print);
	cdr_print_heading(print, words[ORGANISATIONS][l]);
	cdr_print_table(print, cells, 1 + COLUMN_COUNT, ((1U << (1 + COLUMN_COUNT)) - 1) & ~1U);
	for (size_t i = 0; i < p->returns->count; i++) {
		const struct cdr_hub_return *one = &p->returns->list[i];
		if (!one->reported)
			continue;
		cells[0] = one->name;
		for (size_t c = 0; c < COLUMN_COUNT; c++) {
			(void)snprintf(values[c], sizeof(values[0]), "%llu", (unsigned long long)one->annual.figures.value[columns[c].field]);
			cells[1 + c] = values[c];
		}
		cdr_print_row(print, cells, 1 + COLUMN_COUNT);
	}
	cdr_print_heading(print, words[NOT_REPORTED][l]);
	if (p->returns->reported_count == p->returns->count)
		cdr_print_text(print, "plain", words[NONE][l]);
	for (size_t i = 0; i < p->returns->count; i++)
		if (!p->returns->list[i].reported)
			cdr_print_text(print, "plain", p->returns->list[i].name);
	cdr_print_text(print, "small", words[METHOD][l]);
}

static cdr_err
put_pdf(const struct publishing *p, size_t l)
{
	struct cdr_print print;
	struct cdr_buffer pdf;
	char title[64], ending[16];

	(void)snprintf(title, sizeof(title), "%s %u", words[TITLE][l], p->returns->year);
	(void)snprintf(ending, sizeof(ending), "%s.pdf", languages[l]);
	cdr_print_start(&print, languages[l], title, words[SUBTITLE][l], title, (int64_t)p->created);
	print_sector(p, &print, l);
	print_organisations(p, &print, l);
	cdr_err err = cdr_print_run(&print, &pdf, p->fault);
	if (err == CDR_OK)
		err = put(p, ending, pdf.data, pdf.len);
	cdr_print_free(&print);
	cdr_buffer_free(&pdf);
	return err;
}

/* see node/hub/annual.h */
cdr_err
cdr_hub_returns_publish(const struct cdr_hub_returns *returns, const char *folder, uint64_t created, struct cdr_fault *fault)
{
	cdr_err err = CDR_E_INTERNAL;
	struct publishing p = { .returns = returns, .folder = folder, .created = created, .fault = fault };

	CDR_TRY(cdr_publish_folder_make(folder, fault));
	CDR_TRY(cdr_codebook_new((struct cdr_bytes){ NULL, 0 }, &p.codebook, fault));
	CDR_TRY(put_tables(&p));
	for (size_t l = 0; l < LANGUAGE_COUNT; l++)
		CDR_TRY(put_pdf(&p, l));
	CDR_TRY(put_json(&p)); /* last: where it stands the others stand too */
	err = CDR_OK;
out:
	cdr_codebook_free(p.codebook);
	return err;
}
