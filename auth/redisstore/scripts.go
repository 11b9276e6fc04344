package redisstore

import (
	_ "embed"

	"github.com/redis/rueidis"
)

// Each script touches the keys of one slot. Times that lives are made of come as lengths, in milliseconds.
var (
	//go:embed scripts/write.lua
	writeSource string
	//go:embed scripts/enter.lua
	enterSource string
	//go:embed scripts/begin.lua
	beginSource string
	//go:embed scripts/update.lua
	updateSource string
	//go:embed scripts/touch.lua
	touchSource string
	//go:embed scripts/remove.lua
	removeSource string
	//go:embed scripts/forbid.lua
	forbidSource string
	//go:embed scripts/release.lua
	releaseSource string
)

type scripts struct {
	write, enter, begin, update, touch, remove, forbid, release *rueidis.Lua
}

func newScripts() scripts {
	return scripts{
		write: rueidis.NewLuaScript(writeSource), enter: rueidis.NewLuaScript(enterSource), begin: rueidis.NewLuaScript(beginSource),
		update: rueidis.NewLuaScript(updateSource), touch: rueidis.NewLuaScript(touchSource), remove: rueidis.NewLuaScript(removeSource),
		forbid: rueidis.NewLuaScript(forbidSource), release: rueidis.NewLuaScript(releaseSource),
	}
}
