package apis

import (
	"encoding/base64"
	"strings"
)

// drawing is the picture of a product: a small SVG as a data URL, so that it needs no further request and
// no third party. Dark, middle and light stand for the colours of the category.
func drawing(productID, categoryID string) string {
	colours := map[string][4]string{ // ground, dark, middle, light
		"cat-lighting": {"#fbf1dc", "#6f4a12", "#e0a53a", "#fff8e6"},
		"cat-seating":  {"#e4eee9", "#24493c", "#5b9279", "#c6ded2"},
		"cat-kitchen":  {"#f9e6df", "#73301f", "#cf6c50", "#fff3ee"},
		"cat-textiles": {"#ece5f2", "#4b2f63", "#9673b3", "#f6f0fa"},
		"cat-desk":     {"#e2ecf5", "#1f3f5f", "#5c8dbb", "#f4f9fd"},
	}[categoryID]
	svg := `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 120"><rect width="160" height="120" fill="` + colours[0] + `"/>` +
		`<ellipse cx="80" cy="105" rx="56" ry="5" fill="DARK" opacity=".12"/>` +
		`<g stroke-width="4" stroke-linecap="round" stroke-linejoin="round">` + shapes()[productID] + `</g></svg>`
	svg = strings.NewReplacer("DARK", colours[1], "MIDDLE", colours[2], "LIGHT", colours[3], "LINE", `fill="none" stroke="`+colours[1]+`"`).Replace(svg)
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString([]byte(svg))
}

// shapes are the drawings on a ground of 160 by 120.
func shapes() map[string]string {
	return map[string]string{
		"p-100": `<path d="M50 102V44a28 28 0 0 1 56 0v6" LINE/><circle cx="106" cy="71" r="6" fill="LIGHT"/><path d="M84 70a22 22 0 0 1 44 0z" fill="MIDDLE"/><path d="M34 102h32" LINE/>`,
		"p-101": `<path d="M80 62v32" LINE/><path d="M54 62l12-36h28l12 36z" fill="MIDDLE"/><path d="M66 26h28l2 6H64z" fill="LIGHT"/><path d="M62 102q0-10 18-10t18 10z" fill="DARK"/>`,
		"p-102": `<path d="M80 0v40" LINE/><circle cx="80" cy="78" r="9" fill="LIGHT"/><path d="M42 78a38 38 0 0 1 76 0z" fill="MIDDLE"/><path d="M72 40h16v6H72z" fill="DARK"/>`,
		"p-103": `<path d="M54 100l12-38 36-28" LINE/><circle cx="66" cy="62" r="5" fill="DARK"/><path d="M92 28l32 12-22 22z" fill="MIDDLE"/><path d="M36 102h36" LINE/>`,
		"p-104": `<path d="M64 38a16 18 0 0 1 32 0" LINE/><rect x="54" y="38" width="52" height="64" rx="7" fill="MIDDLE"/><rect x="63" y="48" width="34" height="44" rx="4" fill="LIGHT"/><path d="M80 58c9 10 8 20 0 22c-8-2-9-12 0-22z" fill="MIDDLE"/><path d="M72 92V82h16v10z" fill="DARK"/>`,
		"p-105": `<path d="M8 26q36 52 72 20t72 4" LINE/><g fill="MIDDLE"><circle cx="28" cy="54" r="8"/><circle cx="54" cy="66" r="8"/><circle cx="80" cy="56" r="8"/><circle cx="106" cy="44" r="8"/><circle cx="132" cy="52" r="8"/></g><g fill="LIGHT"><circle cx="28" cy="54" r="3"/><circle cx="54" cy="66" r="3"/><circle cx="80" cy="56" r="3"/><circle cx="106" cy="44" r="3"/><circle cx="132" cy="52" r="3"/></g>`,

		"p-200": `<path d="M56 86l-6 17M104 86l6 17" LINE/><path d="M46 78V40q0-16 16-16h36q16 0 16 16v38z" fill="MIDDLE"/><rect x="34" y="56" width="18" height="32" rx="9" fill="DARK"/><rect x="108" y="56" width="18" height="32" rx="9" fill="DARK"/><rect x="50" y="66" width="60" height="22" rx="9" fill="LIGHT"/>`,
		"p-201": `<path d="M62 56l-9 46M98 56l9 46M57 82h46M74 56l-4 38M86 56l4 38" LINE/><rect x="48" y="44" width="64" height="14" rx="7" fill="MIDDLE"/>`,
		"p-202": `<path d="M34 66v36M126 66v36M34 88h92" LINE/><rect x="20" y="54" width="120" height="14" rx="4" fill="MIDDLE"/><path d="M30 61h36M76 61h54" fill="none" stroke="LIGHT" stroke-width="2"/>`,
		"p-203": `<path d="M30 92q50 22 100 0M58 76l-8 23M104 76l8 21M50 24l10 52" LINE/><rect x="54" y="66" width="58" height="11" rx="5" fill="MIDDLE"/><path d="M46 22q10-6 18 0l10 40q-8 6-16 4z" fill="MIDDLE"/><path d="M98 66V54H70" LINE/>`,
		"p-204": `<path d="M34 92v10M126 92v10" LINE/><rect x="28" y="40" width="104" height="44" rx="12" fill="MIDDLE"/><rect x="36" y="66" width="43" height="22" rx="6" fill="LIGHT"/><rect x="81" y="66" width="43" height="22" rx="6" fill="LIGHT"/><rect x="18" y="56" width="20" height="38" rx="9" fill="DARK"/><rect x="122" y="56" width="20" height="38" rx="9" fill="DARK"/>`,
		"p-205": `<rect x="38" y="52" width="84" height="52" rx="26" fill="MIDDLE"/><ellipse cx="80" cy="62" rx="34" ry="10" fill="LIGHT"/><path d="M56 76q-6 14 2 24M72 79q-2 14 0 24M88 79q2 14 0 24M104 76q6 14-2 24" LINE stroke-width="2"/>`,

		"p-300": `<path d="M112 58q22-4 20 14t-24 16M50 70q-18-2-24-20" LINE stroke-width="6"/><path d="M46 58h68q6 44-20 44H66q-26 0-20-44z" fill="MIDDLE"/><path d="M56 58q4-18 24-18t24 18z" fill="DARK"/><circle cx="80" cy="36" r="5" fill="DARK"/><path d="M58 70q-2 16 6 24" fill="none" stroke="LIGHT"/>`,
		"p-301": `<path d="M72 66h8q10 0 10 10t-10 10h-8M122 54h8q10 0 10 11t-10 11h-8" LINE/><path d="M32 56h42v36q0 10-10 10H42q-10 0-10-10z" fill="MIDDLE"/><path d="M84 44h40v48q0 10-10 10H94q-10 0-10-10z" fill="DARK"/><path d="M32 56h42v10H32zM84 44h40v10H84z" fill="LIGHT"/>`,
		"p-302": `<path d="M28 68h-8M140 68h-8" LINE stroke-width="8"/><path d="M30 58h100v30q0 14-14 14H44q-14 0-14-14z" fill="MIDDLE"/><path d="M34 58q0-16 46-16t46 16z" fill="DARK"/><circle cx="80" cy="38" r="6" fill="DARK"/><path d="M42 70v14" fill="none" stroke="LIGHT"/>`,
		"p-303": `<path d="M14 74l82-22v24q-50 14-82-2z" fill="LIGHT"/><path d="M14 74l82-22v8z" fill="MIDDLE"/><path d="M96 50l46-8q6 8 2 16l-48 12z" fill="DARK"/><g fill="LIGHT"><circle cx="110" cy="58" r="2"/><circle cx="128" cy="54" r="2"/></g>`,
		"p-304": `<path d="M26 54h108q-4 48-54 48T26 54z" fill="MIDDLE"/><path d="M38 44h84q-3 20-42 20T38 44z" fill="DARK"/><path d="M50 34h60q-2 18-30 18T50 34z" fill="LIGHT"/><path d="M66 102h28" LINE/>`,
		"p-305": `<path d="M66 102q-4-16 4-28t0-26h20q-8 14 0 26t4 28z" fill="MIDDLE"/><path d="M66 44h28q2-18-14-18T66 44z" fill="DARK"/><circle cx="80" cy="20" r="5" fill="DARK"/><path d="M68 74h24" fill="none" stroke="LIGHT"/>`,

		"p-400": `<path d="M34 36h78q12 0 12 12v44H46q-12 0-12-12z" fill="MIDDLE"/><path d="M34 50h90M34 64h90" fill="none" stroke="LIGHT" stroke-width="6"/><path d="M46 92v10M60 92v10M74 92v10M88 92v10M102 92v10M116 92v10" LINE stroke-width="2"/><path d="M34 78q30-10 90 0" LINE/>`,
		"p-401": `<path d="M38 38q42 10 84 0q-8 32 0 64q-42-10-84 0q8-32 0-64z" fill="MIDDLE"/><path d="M52 52q28 6 56 0q-4 18 0 36q-28-6-56 0q4-18 0-36z" fill="none" stroke="LIGHT"/><circle cx="80" cy="70" r="5" fill="DARK"/>`,
		"p-402": `<path d="M30 26h100" LINE stroke-width="6"/><path d="M52 26h56v72H52z" fill="MIDDLE"/><path d="M52 26h24v58H52z" fill="LIGHT"/><path d="M84 82h24M84 90h24" fill="none" stroke="LIGHT"/>`,
		"p-403": `<path d="M44 44h72l22 56H22z" fill="MIDDLE"/><path d="M41 54q40-8 78 0M34 72q46-10 92 0M27 90q54-12 106 0" fill="none" stroke="LIGHT" stroke-width="5"/><path d="M40 63q40-8 80 0M33 81q46-10 94 0" LINE/>`,
		"p-404": `<path d="M24 20h112" LINE stroke-width="6"/><path d="M34 22h30q4 40-14 78H34z" fill="MIDDLE"/><path d="M126 22H96q-4 40 14 78h16z" fill="MIDDLE"/><path d="M44 24q2 40-2 74M54 24q2 34-6 62M116 24q-2 40 2 74M106 24q-2 34 6 62" fill="none" stroke="LIGHT" stroke-width="3"/>`,
		"p-405": `<path d="M60 56q0-34 20-34t20 34" LINE/><path d="M42 48h76l6 54H36z" fill="MIDDLE"/><path d="M42 48h76l1 10H41z" fill="DARK"/><circle cx="80" cy="80" r="10" fill="LIGHT"/>`,

		"p-500": `<rect x="46" y="24" width="68" height="78" rx="6" fill="MIDDLE"/><path d="M46 30q0-6 6-6h8v78h-8q-6 0-6-6z" fill="DARK"/><rect x="70" y="38" width="34" height="18" rx="3" fill="LIGHT"/><path d="M104 24v78" LINE stroke-width="3"/>`,
		"p-501": `<path d="M40 92l12-20 10 10z" fill="DARK"/><path d="M52 72l48-48q8-2 10 10L62 82z" fill="MIDDLE"/><path d="M84 40l10 10" fill="none" stroke="LIGHT"/><path d="M36 100q20-10 34-2t44-2" LINE stroke-width="3"/>`,
		"p-502": `<circle cx="80" cy="62" r="40" fill="MIDDLE"/><circle cx="80" cy="62" r="32" fill="LIGHT"/><path d="M80 62V40M80 62l14 10" LINE/><path d="M80 34v3M80 87v3M52 62h3M105 62h3" LINE stroke-width="3"/>`,
		"p-503": `<path d="M34 62v34q0 6 6 6h80q6 0 6-6V62" LINE/><path d="M34 80h92" LINE/><path d="M44 56h66v22H44z" fill="LIGHT"/><path d="M50 48h66v30H50z" fill="MIDDLE"/><path d="M58 58h36M58 66h26" fill="none" stroke="LIGHT" stroke-width="3"/>`,
		"p-504": `<path d="M116 30a46 46 0 0 1-58 66M80 96v6M60 103h40" LINE/><circle cx="80" cy="56" r="34" fill="MIDDLE"/><path d="M58 38q18-6 22 6t-12 14t-18 2zM90 58q18-4 18 10T92 84q-8-14-2-26z" fill="LIGHT"/>`,
		"p-505": `<path d="M80 78V30M80 70Q56 64 50 38q24 2 30 32M80 66q24-6 30-32q-24 4-30 32M80 56Q68 40 72 20q14 14 8 36" fill="MIDDLE" stroke="DARK" stroke-width="2"/><path d="M58 76h44l-6 26H64z" fill="DARK"/><path d="M56 72h48v8H56z" fill="LIGHT"/>`,
	}
}
