package pool_test

import (
	"fmt"
	"strings"

	"tickle/collector/pool"
)

func ExampleRead() {
	p, err := pool.Read(strings.NewReader(`
defaults: {backend: sim, ports: {open: 22}}
machines:
  - name: linux-2.6.32
    labels: {kernel: [Linux, Linux 2.6, Linux 2.6.32]}
    options: {personality: linux-2.6.32}
    images:
      - name: debian6
        labels: {distribution: [Linux, Debian, Debian 6]}
        vary: {memory: [256, 512], path.hops: [0, 3]}
      - name: centos6
        labels: {distribution: [Linux, CentOS, CentOS 6]}
        zip: {memory: [256, 512], path.hops: [0, 3]}
`), "example.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, m := range p.Machines {
		fmt.Println(m.Name, "of", m.Image)
	}
	// Output:
	// linux-2.6.32-debian6/m256-hops0 of linux-2.6.32-debian6
	// linux-2.6.32-debian6/m256-hops3 of linux-2.6.32-debian6
	// linux-2.6.32-debian6/m512-hops0 of linux-2.6.32-debian6
	// linux-2.6.32-debian6/m512-hops3 of linux-2.6.32-debian6
	// linux-2.6.32-centos6/m256-hops0 of linux-2.6.32-centos6
	// linux-2.6.32-centos6/m512-hops3 of linux-2.6.32-centos6
}

func ExampleRead_errors() {
	_, err := pool.Read(strings.NewReader(`machines:
  - name: xp
    backend: sim
    image: xp-sp3
    labels:
      kernel: [Windows, NT 5.1]
      distribution: [Windows, Windows XP, Windows XP SP3]
    port: 3389
`), "mine.yaml")
	fmt.Println(err)
	// Output:
	// mine.yaml:2:5: machines[0].ports.open: missing: expected an open TCP port
	// mine.yaml:6:15: machines[0].labels.kernel: 2 levels: expected 3, from coarse to fine
	// mine.yaml:8:5: machines[0].port: unknown key: expected one of name, backend, image, labels, ports, factors, options, rate, vary, zip, images
}
