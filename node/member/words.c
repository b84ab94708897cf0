#include "node/member/words.h"

#include <stddef.h>
#include <string.h>

enum { EN, FR, ES, AR, LANGUAGE_COUNT };

static const char *const words[CDR_WORD_COUNT][LANGUAGE_COUNT] = {
	[CDR_WORD_CHECK] = { "Check before hiring", "Vérification avant recrutement", "Verificación previa a la contratación", "التحقق قبل التوظيف" },
	[CDR_WORD_REFERENCE] = { "Reference", "Référence", "Referencia", "المرجع" },
	[CDR_WORD_CANDIDATE] = { "Candidate", "Candidat", "Candidato", "المرشح" },
	[CDR_WORD_NAME] = { "Name", "Nom", "Nombre", "الاسم" },
	[CDR_WORD_OTHER_NAMES] = { "Other names", "Autres noms", "Otros nombres", "أسماء أخرى" },
	[CDR_WORD_BIRTH] = { "Date of birth", "Date de naissance", "Fecha de nacimiento", "تاريخ الميلاد" },
	[CDR_WORD_NOT_SIGNED] = { "The candidate's details are as the requesting organisation entered them; they are not part of what was signed.",
	    "Les données du candidat sont celles saisies par l’organisation qui demande ; elles ne font pas partie de ce qui a été signé.",
	    "Los datos del candidato son los que introdujo la organización solicitante; no forman parte de lo firmado.",
	    "بيانات المرشح كما أدخلتها المنظمة الطالبة، وليست جزءًا مما تم توقيعه." },
	[CDR_WORD_EMPLOYER] = { "Former employer", "Ancien employeur", "Antiguo empleador", "صاحب العمل السابق" },
	[CDR_WORD_DECLARED] = { "Named by the candidate", "Indiqué par le candidat", "Indicado por el candidato", "ذكره المرشح" },
	[CDR_WORD_STATUS] = { "Status", "État", "Estado", "الحالة" },
	[CDR_WORD_RESULT] = { "Result", "Résultat", "Resultado", "النتيجة" },
	[CDR_WORD_ASKED] = { "Asked on", "Demandé le", "Solicitado el", "تاريخ الطلب" },
	[CDR_WORD_DUE] = { "Answer due by", "Réponse attendue le", "Respuesta prevista el", "موعد الرد" },
	[CDR_WORD_ANSWERED] = { "Answered on", "Répondu le", "Respondido el", "تاريخ الرد" },
	[CDR_WORD_LATE] = { "late", "en retard", "con retraso", "متأخر" },
	[CDR_WORD_YES] = { "yes", "oui", "sí", "نعم" },
	[CDR_WORD_NO] = { "no", "non", "no", "لا" },
	[CDR_WORD_NOBODY] = { "No former employer was found. That says nothing about employers outside the exchange.",
	    "Aucun ancien employeur n’a été trouvé. Cela ne dit rien des employeurs hors de l’échange.",
	    "No se encontró ningún antiguo empleador. Eso no dice nada de los empleadores ajenos al intercambio.",
	    "لم يُعثر على أي صاحب عمل سابق. ولا يدل ذلك على شيء بشأن أصحاب العمل خارج نظام التبادل." },
	[CDR_WORD_HUMAN] = { "No result and no missing answer rejects anybody by itself: a named person decides, after hearing the candidate.",
	    "Aucun résultat et aucune absence de réponse n’écarte quelqu’un à lui seul : une personne désignée décide, après avoir entendu le candidat.",
	    "Ningún resultado ni la falta de respuesta descarta por sí solo a nadie: decide una persona designada, tras oír al candidato.",
	    "لا تُقصي أي نتيجة ولا أي غياب للرد أحدًا بمفردها: القرار لشخص معيّن بعد سماع المرشح." },
	[CDR_WORD_SIGNED_BY] = { "Signed by", "Signé par", "Firmado por", "وقّعه" },
	[CDR_WORD_SIGNED_AT] = { "Signed on", "Signé le", "Firmado el", "تاريخ التوقيع" },
	[CDR_WORD_VALID_UNTIL] = { "May be relied on until", "Valable jusqu’au", "Válido hasta", "يُعتمد عليه حتى" },
	[CDR_WORD_SUPERSEDES] = { "Takes the place of", "Remplace", "Sustituye a", "يحل محل" },
	[CDR_WORD_EMPLOYMENT] = { "Employment", "Emploi", "Empleo", "فترة العمل" },
	[CDR_WORD_POSITIONS] = { "Positions", "Postes", "Puestos", "الوظائف" },
	[CDR_WORD_COUNTRIES] = { "Duty countries", "Pays d’affectation", "Países de destino", "بلدان العمل" },
	[CDR_WORD_DISCLOSURE] = { "What is disclosed", "Ce qui est divulgué", "Lo que se comunica", "ما أُفصح عنه" },
	[CDR_WORD_COMMITTED] = { "Committed", "Commis", "Cometido", "وقت الارتكاب" },
	[CDR_WORD_CONCLUDED] = { "Concluded", "Conclu", "Concluido", "وقت الانتهاء" },
	[CDR_WORD_SUMMARY] = { "Facts in brief", "Résumé des faits", "Resumen de los hechos", "موجز الوقائع" },
	[CDR_WORD_CODE] = { "This code belongs to the signed statement, and to no other. Whoever has the exported file can compare:",
	    "Ce code appartient à l’attestation signée, et à aucune autre. Qui possède le fichier exporté peut comparer :",
	    "Este código pertenece a la declaración firmada y a ninguna otra. Quien tenga el archivo exportado puede comparar:",
	    "هذا الرمز يخص الإفادة الموقّعة وحدها. ومن لديه الملف المصدَّر يمكنه المقارنة:" },
	[CDR_WORD_STATEMENT_NUMBER] = { "Number of the statement", "Numéro de l’attestation", "Número de la declaración", "رقم الإفادة" },
	[CDR_WORD_OPENED] = { "Opened on", "Ouverte le", "Abierta el", "تاريخ الفتح" },
	[CDR_WORD_WAITING] = { "being matched", "recherche en cours", "en búsqueda", "قيد البحث" },
};

/* see node/member/words.h */
const char *
cdr_words(enum cdr_word word, const char *language)
{
	static const char *const languages[LANGUAGE_COUNT] = { "en", "fr", "es", "ar" };
	size_t at = EN;

	for (size_t i = 0; i < LANGUAGE_COUNT; i++)
		if (strcmp(language, languages[i]) == 0)
			at = i;
	return (unsigned)word < CDR_WORD_COUNT ? words[word][at] : "";
}
