package record

type index struct{}
