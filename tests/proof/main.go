// Command proof has the checkpoints and proofs of Groundbreak checked by the implementation of
// the Go project (golang.org/x/mod/sumdb), and every flipped byte refused.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type checkpoint struct {
	Checkpoint string
	Verifier   string
	Since      struct{ Consistency []string }
}

type receipt struct {
	Record     string
	Index      int64
	Inclusion  []string
	Checkpoint string
	Verifier   string
}

type head struct {
	size int64
	root tlog.Hash
}

func main() {
	folder := os.Args[1]
	var first, second checkpoint
	var taken receipt
	read(filepath.Join(folder, "first.json"), &first)
	read(filepath.Join(folder, "second.json"), &second)
	read(filepath.Join(folder, "receipt.json"), &taken)

	flipped := 0
	for _, signed := range []checkpoint{first, second} {
		if _, err := open(signed.Checkpoint, signed.Verifier); err != nil {
			fail("a checkpoint is refused: %v\n%s", err, signed.Checkpoint)
		}
		for at := range signed.Checkpoint {
			bytes := []byte(signed.Checkpoint)
			bytes[at] ^= 1
			if _, err := open(string(bytes), signed.Verifier); err == nil {
				fail("byte %d of a checkpoint was flipped and nobody noticed", at)
			}
			flipped++
		}
	}

	old, _ := open(first.Checkpoint, first.Verifier)
	now, _ := open(second.Checkpoint, second.Verifier)
	growth := tlog.TreeProof(hashes(second.Since.Consistency))
	if err := tlog.CheckTree(growth, now.size, now.root, old.size, old.root); err != nil {
		fail("the consistency proof is refused: %v", err)
	}
	for at := range growth {
		for place := range growth[at] {
			growth[at][place] ^= 1
			if tlog.CheckTree(growth, now.size, now.root, old.size, old.root) == nil {
				fail("hash %d of the consistency proof was flipped and nobody noticed", at)
			}
			growth[at][place] ^= 1
			flipped++
		}
	}

	of, err := open(taken.Checkpoint, taken.Verifier)
	if err != nil {
		fail("the checkpoint of the receipt is refused: %v", err)
	}
	record := decode(taken.Record)
	way := tlog.RecordProof(hashes(taken.Inclusion))
	holds := func() error {
		return tlog.CheckRecord(way, of.size, of.root, taken.Index, tlog.RecordHash(record))
	}
	if err := holds(); err != nil {
		fail("the inclusion proof is refused: %v", err)
	}
	for at := range record {
		record[at] ^= 1
		if holds() == nil {
			fail("byte %d of the record was flipped and nobody noticed", at)
		}
		record[at] ^= 1
		flipped++
	}
	for at := range way {
		for place := range way[at] {
			way[at][place] ^= 1
			if holds() == nil {
				fail("hash %d of the inclusion proof was flipped and nobody noticed", at)
			}
			way[at][place] ^= 1
			flipped++
		}
	}
	fmt.Printf("golang.org/x/mod/sumdb: 3 checkpoints, a consistency proof (%d to %d) and an inclusion proof (%d of %d) accepted; %d flipped bytes refused\n",
		old.size, now.size, taken.Index, of.size, flipped)
}

func open(text, key string) (head, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return head{}, err
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	if err != nil {
		return head{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return head{}, err
	}
	root, err := tlog.ParseHash(lines[2])
	return head{size, root}, err
}

func hashes(texts []string) []tlog.Hash {
	var hashes []tlog.Hash
	for _, text := range texts {
		hash, err := tlog.ParseHash(text)
		if err != nil {
			fail("%q is no hash: %v", text, err)
		}
		hashes = append(hashes, hash)
	}
	return hashes
}

func decode(text string) []byte {
	bytes, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		fail("the record is not in base64: %v", err)
	}
	return bytes
}

func read(path string, into any) {
	text, err := os.ReadFile(path)
	if err != nil {
		fail("%v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		fail("%s: %v", path, err)
	}
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
