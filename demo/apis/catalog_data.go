package apis

import "strings"

// newCatalogue makes what the shop sells. Ids and prices are relied on by tests and documentation.
func newCatalogue() *catalogue {
	c := &catalogue{
		categories: []category{
			{"cat-lighting", "Lighting"}, {"cat-seating", "Seating"}, {"cat-kitchen", "Kitchen"},
			{"cat-textiles", "Textiles"}, {"cat-desk", "Desk"},
		},
		products: []*product{
			{ID: "p-100", Name: "Halden floor lamp", Description: "An arc of blackened steel and a shade of linen that lights a whole corner.", Price: 129_00, InStock: 14, Rating: 4.7},
			{ID: "p-101", Name: "Fjell table lamp", Description: "Turned ash foot, paper shade. Warm light for a sideboard.", Price: 58_90, InStock: 31, Rating: 4.5},
			{ID: "p-102", Name: "Ora pendant", Description: "A spun brass dome over the dining table, on two metres of textile cable.", Price: 189_00, InStock: 6, Rating: 4.8},
			{ID: "p-103", Name: "Tern reading lamp", Description: "A jointed arm that stays where it is put, and light where the page is.", Price: 84_50, InStock: 22, Rating: 4.3},
			{ID: "p-104", Name: "Holm lantern", Description: "For a candle or a small lamp, on the balcony or the window sill.", Price: 39_00, InStock: 48, Rating: 4.1},
			{ID: "p-105", Name: "Regatta string lights", Description: "Twelve metres of light for a garden, safe in the rain.", Price: 34_90, InStock: 0, Rating: 3.9},

			{ID: "p-200", Name: "Lund lounge chair", Description: "Deep, low and covered in wool. The chair one falls asleep in.", Price: 649_00, InStock: 4, Rating: 4.9},
			{ID: "p-201", Name: "Alder stool", Description: "Three legs never wobble: these four do not either. Solid alder.", Price: 79_00, InStock: 27, Rating: 4.4},
			{ID: "p-202", Name: "Quay bench", Description: "Oiled oak for hall or table, a seat for two.", Price: 219_00, InStock: 9, Rating: 4.6},
			{ID: "p-203", Name: "Vik rocking chair", Description: "Steam-bent beech that rocks without a sound.", Price: 329_00, InStock: 5, Rating: 4.7},
			{ID: "p-204", Name: "Sund sofa", Description: "Room for three and a cat; covers that come off for the wash.", Price: 1_290_00, InStock: 2, Rating: 4.5},
			{ID: "p-205", Name: "Dune pouf", Description: "Knitted cotton over a firm filling. Seat, footrest, or table for a tray.", Price: 89_90, InStock: 18, Rating: 4.0},

			{ID: "p-300", Name: "Kestrel teapot", Description: "Stoneware that keeps a litre warm and pours without a drip.", Price: 46_00, InStock: 25, Rating: 4.6},
			{ID: "p-301", Name: "Morning mugs, set of two", Description: "Hand-glazed, a little different each, safe in the dishwasher.", Price: 28_00, InStock: 60, Rating: 4.8},
			{ID: "p-302", Name: "Ember casserole", Description: "Enamelled cast iron for stew, bread and everything slow.", Price: 149_00, InStock: 11, Rating: 4.9},
			{ID: "p-303", Name: "Slate chef's knife", Description: "Twenty centimetres of carbon steel with a handle of walnut.", Price: 96_00, InStock: 16, Rating: 4.7},
			{ID: "p-304", Name: "Nest mixing bowls", Description: "Three bowls in one another, with a lip and a foot that grips.", Price: 42_50, InStock: 33, Rating: 4.2},
			{ID: "p-305", Name: "Pike pepper mill", Description: "A ceramic grinder in beech, from coarse to dust.", Price: 31_90, InStock: 40, Rating: 4.4},

			{ID: "p-400", Name: "Skerry wool blanket", Description: "Woven from undyed wool, heavy enough for a winter evening.", Price: 119_00, InStock: 13, Rating: 4.8},
			{ID: "p-401", Name: "Pebble cushion", Description: "A cover of washed linen and a filling of feathers.", Price: 36_00, InStock: 44, Rating: 4.3},
			{ID: "p-402", Name: "Harbour towel", Description: "Waffle weave that dries fast, with a loop that holds.", Price: 22_00, InStock: 75, Rating: 4.5},
			{ID: "p-403", Name: "Tide rug", Description: "Flat-woven cotton in three blues, two metres by one metre forty.", Price: 239_00, InStock: 7, Rating: 4.4},
			{ID: "p-404", Name: "Mist curtains, pair", Description: "Thin linen that lets the day in and the neighbours not.", Price: 98_00, InStock: 15, Rating: 4.1},
			{ID: "p-405", Name: "Carrier tote", Description: "Canvas for the market, with handles long enough for a shoulder.", Price: 24_90, InStock: 52, Rating: 4.2},

			{ID: "p-500", Name: "Field notebook", Description: "One hundred and sixty dotted pages that lie flat.", Price: 14_90, InStock: 120, Rating: 4.7},
			{ID: "p-501", Name: "Heron fountain pen", Description: "A steel nib, a brass body and ink that dries before the sleeve comes.", Price: 64_00, InStock: 19, Rating: 4.6},
			{ID: "p-502", Name: "Meridian clock", Description: "A quiet movement behind a plain white face.", Price: 72_00, InStock: 12, Rating: 4.3},
			{ID: "p-503", Name: "Pier letter tray", Description: "Two levels of bent birch for what should be done today.", Price: 49_00, InStock: 21, Rating: 4.0},
			{ID: "p-504", Name: "Atlas globe", Description: "The world as it was last year, thirty centimetres across.", Price: 135_00, InStock: 8, Rating: 4.5},
			{ID: "p-505", Name: "Fern in a pot", Description: "Needs little light and little water, and forgives.", Price: 26_50, InStock: 30, Rating: 4.4},
		},
		byID: map[string]*product{},
	}
	for _, p := range c.products {
		// The first digit of the id is the category.
		p.CategoryID = c.categories[p.ID[2]-'1'].ID
		p.Currency = "EUR"
		p.ImageURL = drawing(p.ID, p.CategoryID)
		p.words = strings.ToLower(p.Name + " " + p.Description)
		c.byID[p.ID] = p
	}
	return c
}
