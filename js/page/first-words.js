// The words of the first screen, in all languages, so that it needs nothing else. The others are in js/words/.

/** @type {import("./words.js").Book} */
export const FIRST_WORDS = {
  en: {
    leave: "Leave now", language: "Language", title: "Tell us, safely",
    lead: "What you write is sealed on this device. Only the people who help can open it. The machine that carries it cannot.",
    alone: "Is somebody watching you or this phone? Then wait, or use another one.",
    tell: "Write to us", reply: "Read replies", loading: "One moment…",
    broken: "This page did not arrive whole. Nothing was lost.", again: "Try again",
  },
  az: {
    leave: "Dərhal çıx", language: "Dil", title: "Bizə təhlükəsiz yazın",
    lead: "Yazdıqlarınız bu cihazda möhürlənir. Onu yalnız kömək edən insanlar aça bilər. Onu daşıyan maşın aça bilmir.",
    alone: "Sizi və ya bu telefonu izləyən var? Onda gözləyin və ya başqasından istifadə edin.",
    tell: "Bizə yazın", reply: "Cavabları oxuyun", loading: "Bir an…",
    broken: "Səhifə tam gəlmədi. Heç nə itmədi.", again: "Yenidən cəhd edin",
  },
  ru: {
    leave: "Уйти сейчас", language: "Язык", title: "Расскажите нам безопасно",
    lead: "Всё, что вы пишете, запечатывается на этом устройстве. Открыть это могут только те, кто помогает. Машина, которая это передаёт, не может.",
    alone: "За вами или за этим телефоном следят? Тогда подождите или возьмите другой.",
    tell: "Написать нам", reply: "Прочитать ответы", loading: "Минуту…",
    broken: "Страница загрузилась не полностью. Ничего не потеряно.", again: "Попробовать ещё раз",
  },
  tr: {
    leave: "Hemen çık", language: "Dil", title: "Bize güvenle anlatın",
    lead: "Yazdıklarınız bu cihazda mühürlenir. Onu yalnızca yardım edenler açabilir. Taşıyan makine açamaz.",
    alone: "Sizi ya da bu telefonu izleyen biri mi var? O zaman bekleyin ya da başka bir telefon kullanın.",
    tell: "Bize yazın", reply: "Yanıtları okuyun", loading: "Bir dakika…",
    broken: "Sayfa tam yüklenmedi. Hiçbir şey kaybolmadı.", again: "Yeniden dene",
  },
  ka: {
    leave: "ახლავე გასვლა", language: "ენა", title: "მოგვიყევით უსაფრთხოდ",
    lead: "რასაც წერთ, ამ მოწყობილობაზევე იბეჭდება. მისი გახსნა მხოლოდ დამხმარე ადამიანებს შეუძლიათ. მანქანას, რომელსაც ის გადააქვს, არა.",
    alone: "გითვალთვალებენ თქვენ ან ამ ტელეფონს? მაშინ მოიცადეთ ან სხვა გამოიყენეთ.",
    tell: "მოგვწერეთ", reply: "პასუხების წაკითხვა", loading: "ერთი წუთით…",
    broken: "გვერდი სრულად არ ჩაიტვირთა. არაფერი დაკარგულა.", again: "სცადეთ ხელახლა",
  },
  ar: {
    leave: "غادر الآن", language: "اللغة", title: "أخبرنا بأمان",
    lead: "ما تكتبه يُختم على هذا الجهاز. لا يستطيع فتحه إلا من يساعدونك، أما الآلة التي تنقله فلا تستطيع.",
    alone: "هل يراقبك أحد أو يراقب هذا الهاتف؟ انتظر إذن، أو استخدم هاتفًا آخر.",
    tell: "اكتب إلينا", reply: "اقرأ الردود", loading: "لحظة…",
    broken: "لم تصل الصفحة كاملة. لم يضِع شيء.", again: "حاول مرة أخرى",
  },
  fa: {
    leave: "همین حالا خارج شو", language: "زبان", title: "با امنیت به ما بگویید",
    lead: "آنچه می‌نویسید روی همین دستگاه مهر می‌شود. فقط کسانی که کمک می‌کنند می‌توانند بازش کنند؛ ماشینی که آن را می‌برد نمی‌تواند.",
    alone: "آیا کسی شما یا این گوشی را زیر نظر دارد؟ پس صبر کنید یا گوشی دیگری به کار ببرید.",
    tell: "برای ما بنویسید", reply: "خواندن پاسخ‌ها", loading: "یک لحظه…",
    broken: "صفحه کامل نرسید. چیزی از دست نرفت.", again: "دوباره تلاش کنید",
  },
  uk: {
    leave: "Піти зараз", language: "Мова", title: "Розкажіть нам безпечно",
    lead: "Усе, що ви пишете, запечатується на цьому пристрої. Відкрити це можуть лише ті, хто допомагає. Машина, яка це передає, не може.",
    alone: "За вами чи за цим телефоном стежать? Тоді зачекайте або візьміть інший.",
    tell: "Написати нам", reply: "Прочитати відповіді", loading: "Хвилинку…",
    broken: "Сторінка завантажилася не повністю. Нічого не втрачено.", again: "Спробувати ще раз",
  },
};
