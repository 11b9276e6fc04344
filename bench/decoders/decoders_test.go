package decoders

import (
	"reflect"
	"testing"

	"github.com/go-faster/jx"

	"vestibule.example/bench/limit/posts"
)

func BenchmarkDecode(b *testing.B) {
	for _, a := range answers() {
		text := a.read(b)
		for _, d := range decoders() {
			b.Run(a.name+"/"+d.name, func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				b.ReportAllocs()
				for b.Loop() {
					if err := d.decode(text, a.into()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// What a generated decoder could do: the posts by jx, whole, and without the bodies that no query asked for.
func BenchmarkGenerated(b *testing.B) {
	text := answers()[0].read(b)
	for _, skip := range []bool{false, true} {
		name := "posts/jx"
		if skip {
			name = "posts/jx-skip"
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := decodePosts(text, skip); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func decodePosts(text []byte, skip bool) ([]*posts.Post, error) {
	d := jx.GetDecoder()
	defer jx.PutDecoder(d)
	d.ResetBytes(text)
	var list []*posts.Post
	err := d.Arr(func(d *jx.Decoder) error {
		p := &posts.Post{}
		list = append(list, p)
		return d.ObjBytes(func(d *jx.Decoder, key []byte) (err error) {
			switch string(key) {
			case "userId":
				p.UserID, err = d.Int()
			case "id":
				p.ID, err = d.Int()
			case "title":
				p.Title, err = d.Str()
			case "body":
				if skip {
					return d.Skip()
				}
				p.Body, err = d.Str()
			default:
				return d.Skip()
			}
			return err
		})
	})
	return list, err
}

// All candidates read the answers alike.
func TestAllReadTheAnswersAlike(t *testing.T) {
	for _, a := range answers() {
		want := a.into()
		if err := decoders()[0].decode(a.read(t), want); err != nil {
			t.Fatal(err)
		}
		for _, d := range decoders()[1:] {
			got := a.into()
			if err := d.decode(a.read(t), got); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s reads %s otherwise than encoding/json does (error %v)", d.name, a.name, err)
			}
		}
	}
	list, err := decodePosts(answers()[0].read(t), false)
	want := answers()[0].into()
	if err2 := decoders()[0].decode(answers()[0].read(t), want); err != nil || err2 != nil || !reflect.DeepEqual(&list, want) {
		t.Errorf("jx reads posts otherwise than encoding/json does (errors %v, %v)", err, err2)
	}
}
