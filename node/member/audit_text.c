#include "node/member/audit.h"

#include <string.h>

/* Names, and what each means for somebody who has never heard of a Merkle tree. */
static const struct {
	const char *name, *en, *fr, *es, *ar;
} texts[CDR_AUDIT_KIND_COUNT] = {
	[CDR_AUDIT_UNREADABLE] = { "unreadable",
	    "The hub shows no signed record of what it did. It is not to be believed.",
	    "Le hub ne montre aucun relevé signé de ce qu'il a fait. On ne peut pas le croire.",
	    "El hub no muestra ningún registro firmado de lo que hizo. No se le puede creer.",
	    "لا يعرض المركز أي سجل موقّع لما قام به. لا يمكن تصديقه." },
	[CDR_AUDIT_UNWITNESSED] = { "unwitnessed",
	    "The hub shows a record that too few of the independent trustees have confirmed.",
	    "Le hub montre un relevé que trop peu de dépositaires indépendants ont confirmé.",
	    "El hub muestra un registro que muy pocos depositarios independientes han confirmado.",
	    "يعرض المركز سجلًا لم يؤكده سوى عدد قليل جدًا من الأمناء المستقلين." },
	[CDR_AUDIT_STALE] = { "stale",
	    "For days too few of the independent trustees have confirmed the hub's record, and they cannot be asked now. Something may be "
	    "hidden since then.",
	    "Depuis des jours, trop peu de dépositaires indépendants ont confirmé le relevé du hub, et on ne peut pas les interroger "
	    "maintenant. Quelque chose est peut-être caché depuis.",
	    "Desde hace días, muy pocos depositarios independientes han confirmado el registro del hub, y ahora no se les puede preguntar. "
	    "Quizá se oculta algo desde entonces.",
	    "منذ أيام لم يؤكد سجل المركز سوى عدد قليل جدًا من الأمناء المستقلين، ولا يمكن سؤالهم الآن. ربما أُخفي شيء منذ ذلك الحين." },
	[CDR_AUDIT_SHORTER] = { "shorter",
	    "The hub's record has become shorter: what it had recorded is gone. An old copy of its database was put back, or acts were "
	    "removed.",
	    "Le relevé du hub a raccourci : ce qu'il avait noté a disparu. Une ancienne copie de sa base a été remise, ou des actes ont "
	    "été retirés.",
	    "El registro del hub se ha acortado: lo que había anotado ya no está. Se repuso una copia antigua de su base, o se quitaron "
	    "actos.",
	    "أصبح سجل المركز أقصر: اختفى ما كان مسجلًا فيه. أُعيدت نسخة قديمة من قاعدة بياناته، أو حُذفت أفعال منه." },
	[CDR_AUDIT_REWRITTEN] = { "rewritten",
	    "The hub has rewritten its record: today's does not continue the one that this node saw before.",
	    "Le hub a réécrit son relevé : celui d'aujourd'hui ne prolonge pas celui que ce nœud avait vu.",
	    "El hub ha reescrito su registro: el de hoy no continúa el que este nodo había visto.",
	    "أعاد المركز كتابة سجله: سجل اليوم ليس استمرارًا للسجل الذي رأته هذه العقدة من قبل." },
	[CDR_AUDIT_MISSING] = { "missing",
	    "Something that this organisation did does not stand in the hub's record where the hub promised it, or was changed there.",
	    "Un acte de cette organisation ne figure pas dans le relevé du hub à la place promise, ou y a été modifié.",
	    "Algo que hizo esta organización no figura en el registro del hub donde este lo prometió, o fue alterado.",
	    "فعلٌ قامت به هذه المنظمة لا يوجد في سجل المركز في الموضع الذي وعد به المركز، أو جرى تغييره." },
	[CDR_AUDIT_LATE] = { "late",
	    "Something that this organisation did is still not in a confirmed record, though the hub promised that it would be.",
	    "Un acte de cette organisation ne figure toujours pas dans un relevé confirmé, bien que le hub l'ait promis.",
	    "Algo que hizo esta organización aún no figura en un registro confirmado, aunque el hub lo prometió.",
	    "فعلٌ قامت به هذه المنظمة لم يدخل بعد في سجل مؤكَّد، مع أن المركز وعد بذلك." },
	[CDR_AUDIT_TWICE] = { "twice",
	    "The hub promised the same place in its record to two different acts: one of them cannot be there.",
	    "Le hub a promis la même place dans son relevé à deux actes différents : l'un d'eux ne peut y être.",
	    "El hub prometió el mismo lugar de su registro a dos actos distintos: uno de ellos no puede estar.",
	    "وعد المركز بالموضع نفسه في سجله لفعلين مختلفين: لا يمكن أن يكون أحدهما هناك." },
	[CDR_AUDIT_SPLIT] = { "split",
	    "The hub shows different records to different parties: what a trustee was shown contradicts what this node was shown.",
	    "Le hub montre des relevés différents selon les parties : ce qu'un dépositaire a vu contredit ce que ce nœud a vu.",
	    "El hub muestra registros distintos a partes distintas: lo que vio un depositario contradice lo que vio este nodo.",
	    "يعرض المركز سجلات مختلفة على أطراف مختلفة: ما عُرض على أحد الأمناء يناقض ما عُرض على هذه العقدة." },
	[CDR_AUDIT_WITHHELD] = { "withheld",
	    "The hub keeps from this node a newer list of members and keys that the trustees have signed. This node has taken it from a "
	    "trustee instead.",
	    "Le hub cache à ce nœud une liste plus récente des membres et de leurs clés, signée par les dépositaires. Ce nœud l'a "
	    "obtenue d'un dépositaire.",
	    "El hub oculta a este nodo una lista más reciente de miembros y claves, firmada por los depositarios. Este nodo la ha "
	    "obtenido de un depositario.",
	    "يحجب المركز عن هذه العقدة قائمة أحدث للأعضاء والمفاتيح وقّعها الأمناء. حصلت هذه العقدة عليها من أحد الأمناء." },
	[CDR_AUDIT_TWO_HISTORIES] = { "two_histories",
	    "A trustee says that the hub showed it two histories, and this node has verified it: the hub has signed two records that cannot "
	    "both be true.",
	    "Un dépositaire dit que le hub lui a montré deux histoires, et ce nœud l'a vérifié : le hub a signé deux relevés qui ne peuvent "
	    "être vrais tous les deux.",
	    "Un depositario dice que el hub le mostró dos historias, y este nodo lo ha comprobado: el hub ha firmado dos registros que no "
	    "pueden ser ciertos a la vez.",
	    "يقول أحد الأمناء إن المركز عرض عليه روايتين مختلفتين، وقد تحققت هذه العقدة من ذلك: وقّع المركز سجلين لا يمكن أن يكونا صحيحين معًا." },
	[CDR_AUDIT_OLD_INDEX] = { "old_index",
	    "The hub answered a check of this organisation from an old state of the index, so a former employer may be missing from the answer. Enough of "
	    "the independent trustees have signed that they saw it. Compare with what the candidate says, and check the person anew.",
	    "Le hub a répondu à une vérification de cette organisation d'après un ancien état de l'index : un ancien employeur peut manquer dans la "
	    "réponse. Assez de dépositaires indépendants ont signé l'avoir constaté. Comparez avec ce que dit la personne candidate, et vérifiez-la de nouveau.",
	    "El hub respondió a una comprobación de esta organización con un estado antiguo del índice, de modo que puede faltar un empleador anterior en la "
	    "respuesta. Suficientes depositarios independientes han firmado que lo vieron. Compare con lo que dice la persona candidata y compruébela de nuevo.",
	    "أجاب المركز عن عملية تحقق لهذه المنظمة من حالة قديمة للفهرس، وقد يغيب عن الردّ صاحب عمل سابق. وقّع عدد كافٍ من الأمناء المستقلين على أنهم "
	    "رأوا ذلك. قارنوا بما يقوله المرشّح، وأعيدوا التحقق منه." },
	[CDR_AUDIT_MISSING_THEIRS] = { "missing_of_trustee",
	    "Something that a trustee did with the keys does not stand in the hub's record where the hub promised it: the trustee showed that promise, and the "
	    "hub cannot prove what it promised.",
	    "Un acte d'un dépositaire sur les clés ne figure pas dans le relevé du hub à la place promise : le dépositaire a montré cette promesse, et le hub ne "
	    "peut prouver ce qu'il a promis.",
	    "Algo que hizo un depositario con las claves no figura en el registro del hub donde este lo prometió: el depositario mostró esa promesa, y el hub no "
	    "puede probar lo que prometió.",
	    "فعلٌ قام به أحد الأمناء بالمفاتيح لا يوجد في سجل المركز في الموضع الذي وعد به: أظهر الأمين هذا الوعد، ولا يستطيع المركز إثبات ما وعد به." },
};

/* see node/member/audit.h */
const char *
cdr_audit_kind_name(enum cdr_audit_kind kind)
{
	return (unsigned)kind < CDR_AUDIT_KIND_COUNT ? texts[kind].name : "";
}

/* see node/member/audit.h */
const char *
cdr_audit_text(enum cdr_audit_kind kind, const char *language)
{
	if ((unsigned)kind >= CDR_AUDIT_KIND_COUNT)
		return "";
	if (strcmp(language, "fr") == 0)
		return texts[kind].fr;
	if (strcmp(language, "es") == 0)
		return texts[kind].es;
	return strcmp(language, "ar") == 0 ? texts[kind].ar : texts[kind].en;
}
