// What stands in for ingress-nginx's controller: same image name, flags, ports, health check, class
// and status, and enough of its routing to carry Portico's services. It is not nginx: of the
// annotations it honours ssl-redirect, force-ssl-redirect, ssl-passthrough and backend-protocol;
// rewriting, the admission webhook and metrics are not here.
package main

import (
	"context"
	"crypto/tls"
	"flag"
	"log"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

type options struct {
	class, controllerClass, publishService, defaultCert string
	watchWithoutClass, passthrough                      bool
	http, https, health                                 int
}

func parse(args []string) (options, error) {
	var o options
	fs := flag.NewFlagSet("nginx-ingress-controller", flag.ContinueOnError)
	fs.StringVar(&o.class, "ingress-class", "nginx", "")
	fs.StringVar(&o.controllerClass, "controller-class", "k8s.io/ingress-nginx", "")
	fs.StringVar(&o.publishService, "publish-service", "", "")
	fs.StringVar(&o.defaultCert, "default-ssl-certificate", "", "")
	fs.BoolVar(&o.watchWithoutClass, "watch-ingress-without-class", false, "")
	fs.BoolVar(&o.passthrough, "enable-ssl-passthrough", false, "")
	fs.IntVar(&o.http, "http-port", 80, "")
	fs.IntVar(&o.https, "https-port", 443, "")
	fs.IntVar(&o.health, "healthz-port", 10254, "")
	for _, ignored := range []string{"election-id", "configmap", "validating-webhook", "validating-webhook-certificate",
		"validating-webhook-key", "tcp-services-configmap", "udp-services-configmap", "v"} {
		fs.String(ignored, "", "")
	}
	for _, ignored := range []string{"enable-metrics", "enable-annotation-validation", "enable-ssl-chain-completion"} {
		fs.Bool(ignored, false, "")
	}
	return o, fs.Parse(clean(args))
}

// clean drops the program's name, which the genuine image is called with, and gives the switches
// that a chart writes as "--name=" the meaning that they have there.
func clean(args []string) (out []string) {
	for i, a := range args {
		if i == 0 && !strings.HasPrefix(a, "-") {
			continue
		}
		if name, value, found := strings.Cut(a, "="); found && value == "" {
			a = name
		}
		out = append(out, a)
	}
	return out
}

func main() {
	log.SetFlags(log.LstdFlags | log.LUTC)
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	o, err := parse(flagArgs())
	if err != nil {
		log.Fatal(err)
	}
	api, err := inCluster()
	if err != nil {
		log.Fatal(err)
	}
	c := &controller{options: o, api: api}
	go c.follow(ctx)
	serve := func(port int, h http.Handler, t *tls.Config) *http.Server {
		s := &http.Server{Addr: ":" + strconv.Itoa(port), Handler: h, TLSConfig: t, ReadHeaderTimeout: 30 * time.Second, IdleTimeout: 75 * time.Second}
		go func() {
			l, err := net.Listen("tcp", s.Addr)
			switch {
			case err != nil:
			case t != nil:
				err = s.ServeTLS(split(l, c.passed), "", "")
			default:
				err = s.Serve(l)
			}
			if err != http.ErrServerClosed {
				log.Fatal(err)
			}
		}()
		return s
	}
	health := http.NewServeMux()
	health.HandleFunc("/healthz", c.healthz)
	servers := []*http.Server{
		serve(o.http, c.handler("http"), nil),
		serve(o.https, c.handler("https"), &tls.Config{GetCertificate: c.certificate}),
		serve(o.health, health, nil),
	}
	<-ctx.Done()
	stop, done := context.WithTimeout(context.Background(), 5*time.Second)
	defer done()
	for _, s := range servers {
		_ = s.Shutdown(stop)
	}
}
