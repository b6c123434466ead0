package language

import (
	"cmp"
	"strings"
)

// groupOf tells the group of an artifact whose jar has no pom.properties, and
// whether anything but the artifact's own name tells it. Many old groups are
// named like their artifact (junit:junit, log4j:log4j): that is the last guess.
func groupOf(artifact, version string, m manifest) (group string, told bool) {
	if v := m.token("group-id"); v != "" { // of Jenkins plugins
		return v, true
	}
	for _, g := range groups {
		for pattern := range strings.FieldsSeq(g.artifacts) {
			if matches(pattern, artifact, version) {
				return cmp.Or(g.group, artifact), true
			}
		}
	}
	if group, _, found := strings.Cut(m["implementation-title"], "#"); found { // Ivy's, of Gradle builds
		return group, true
	}
	if v := m.token("implementation-vendor-id"); strings.Contains(v, ".") && v != "org.apache" {
		return v, true
	}
	for _, key := range []string{"bundle-symbolicname", "automatic-module-name", "extension-name"} {
		if v := groupFromName(m.token(key), artifact); v != "" {
			return v, true
		}
	}
	if group := groupFromName(artifact, artifact); group != "" {
		return group, true
	}
	return artifact, false
}

// groupFromName takes the group out of a bundle's or module's dotted name: all
// of it, less a last part that the artifact's name also ends in, as in
// org.apache.logging.log4j.core of log4j-core. Names of one or two parts are
// not derived from groups often enough.
func groupFromName(name, artifact string) string {
	i := strings.LastIndexByte(name, '.')
	switch {
	case strings.HasSuffix(name, "."+artifact):
		name = strings.TrimSuffix(name, "."+artifact)
	case i >= 0 && (name == artifact || strings.HasSuffix(artifact, "-"+name[i+1:])):
		name = name[:i]
	}
	if !strings.Contains(name, ".") {
		return ""
	}
	return name
}

// matches compares an artifact with a pattern of the table below: a name, a
// beginning of one ("spring-boot-*"), or either with a beginning of the
// version ("dom4j@2.").
func matches(pattern, artifact, version string) bool {
	pattern, start, _ := strings.Cut(pattern, "@")
	if !strings.HasPrefix(version, start) {
		return false
	}
	if beginning, open := strings.CutSuffix(pattern, "*"); open {
		return strings.HasPrefix(artifact, beginning)
	}
	return artifact == pattern
}

// groups are the groups of artifacts that advisories name and whose jars often
// lack pom.properties: built by Gradle, Ant or sbt, or repacked. The facts are
// Maven Central's; the first pattern that matches counts. An empty group is the
// artifact's own name, where the manifest would lead astray.
var groups = []struct{ group, artifacts string }{
	{"org.springframework.boot", "spring-boot spring-boot-*"},
	{"org.springframework.security", "spring-security-*"},
	{"org.springframework.batch", "spring-batch-*"},
	{"org.springframework.session", "spring-session-*"},
	{"org.springframework.ldap", "spring-ldap-*"},
	{"org.springframework.integration", "spring-integration-*"},
	{"org.springframework.amqp", "spring-amqp spring-rabbit*"},
	{"org.springframework.kafka", "spring-kafka*"},
	{"org.springframework.graphql", "spring-graphql*"},
	{"org.springframework.ws", "spring-ws-* spring-xml"},
	{"org.springframework.data", "spring-data-*"},
	{"org.springframework.cloud", "spring-cloud-*"},
	{"org.springframework", "spring-aop spring-aspects spring-beans spring-context spring-context-* spring-core " +
		"spring-expression spring-instrument spring-jcl spring-jdbc spring-jms spring-messaging spring-orm spring-oxm " +
		"spring-r2dbc spring-test spring-tx spring-web spring-webflux spring-webmvc spring-webmvc-* spring-websocket"},
	{"org.apache.tomcat.embed", "tomcat-embed-*"},
	{"org.apache.tomcat", "tomcat-*"},
	{"org.apache.logging.log4j", "log4j-core log4j-api log4j-1.2-api log4j-web log4j-jul log4j-jcl log4j-slf4j-impl log4j-slf4j2-impl log4j-to-slf4j"},
	{"org.apache.lucene", "lucene-*"},
	{"org.apache.solr", "solr-*"},
	{"org.apache.kafka", "kafka-* kafka_* connect-api connect-json connect-runtime connect-transforms"},
	{"org.apache.zookeeper", "zookeeper zookeeper-jute"},
	{"org.apache.velocity", "velocity velocity-engine-*"},
	{"org.apache.ant", "ant ant-launcher ant-junit* ant-apache-*"},
	{"org.apache.ivy", "ivy"},
	{"org.apache.poi", "poi poi-*"},
	{"org.apache.derby", "derby derbyclient derbynet derbytools derbyshared"},
	{"org.apache.thrift", "libthrift"},
	{"org.apache.struts", "struts2-*"},
	{"org.apache.shiro", "shiro-*"},
	{"org.apache.hadoop", "hadoop-*"},
	{"org.apache.activemq", "activemq-*"},
	{"org.apache.httpcomponents", "httpclient httpcore httpmime"},
	{"org.apache.pdfbox", "pdfbox"},
	{"org.apache.groovy", "groovy@4 groovy-*@4 groovy@5 groovy-*@5"},
	{"org.codehaus.groovy", "groovy groovy-*"},
	{"org.apache.commons", "commons-text commons-compress commons-collections4 commons-configuration2 commons-lang3 commons-csv commons-email"},
	{"org.bouncycastle", "bcprov-* bcpkix-* bctls-* bcpg-* bcmail-* bcutil-* bc-fips bcprov-ext-* bcpkix-fips bctls-fips"},
	{"org.jetbrains.kotlin", "kotlin-*"},
	{"org.jetbrains.kotlinx", "kotlinx-*"},
	{"com.squareup.okhttp3", "okhttp@3 okhttp@4 okhttp@5 okhttp-* logging-interceptor"},
	{"com.squareup.okio", "okio okio-*"},
	{"org.codehaus.jackson", "jackson-core-asl jackson-mapper-asl jackson-core-lgpl jackson-mapper-lgpl"},
	{"com.fasterxml.jackson.core", "jackson-databind jackson-core jackson-annotations"},
	{"ch.qos.logback", "logback-core logback-classic logback-access"},
	{"org.yaml", "snakeyaml"},
	{"com.google.guava", "guava"},
	{"com.google.code.gson", "gson"},
	{"com.google.protobuf", "protobuf-java* protobuf-kotlin*"},
	{"io.netty", "netty@4 netty-*@4"},
	{"org.jboss.netty", "netty@3"},
	{"io.grpc", "grpc-*"},
	{"io.micrometer", "micrometer-*"},
	{"io.projectreactor.netty", "reactor-netty*"},
	{"io.projectreactor", "reactor-core reactor-test"},
	{"io.reactivex.rxjava3", "rxjava@3"},
	{"io.reactivex.rxjava2", "rxjava@2"},
	{"io.reactivex", "rxjava"},
	{"io.ratpack", "ratpack-*"},
	{"io.undertow", "undertow-*"},
	{"org.eclipse.jetty", "jetty-*"},
	{"org.elasticsearch", "elasticsearch elasticsearch-core elasticsearch-x-content"},
	{"org.opensearch", "opensearch opensearch-*"},
	{"com.auth0", "java-jwt jwks-rsa"},
	{"com.thoughtworks.xstream", "xstream"},
	{"com.alibaba", "fastjson"},
	{"com.h2database", "h2"},
	{"org.hsqldb", "hsqldb"},
	{"org.postgresql", "postgresql"},
	{"mysql", "mysql-connector-java"},
	{"com.mysql", "mysql-connector-j"},
	{"com.microsoft.sqlserver", "mssql-jdbc"},
	{"org.mongodb", "mongo-java-driver mongodb-driver-* bson"},
	{"com.mchange", "c3p0 mchange-commons-java"},
	{"org.quartz-scheduler", "quartz"},
	{"net.sf.ehcache", "ehcache@2 ehcache-core"},
	{"com.jcraft", "jsch"},
	{"org.dom4j", "dom4j@2"},
	{"org.jdom", "jdom jdom2"},
	{"org.json", "json"},
	{"org.jsoup", "jsoup"},
	{"net.minidev", "json-smart"},
	{"org.mozilla", "rhino rhino-*"},
	{"org.ow2.asm", "asm@4 asm@5 asm@6 asm@7 asm@8 asm@9 asm-*"},
	{"org.aspectj", "aspectjweaver aspectjrt aspectjtools"},
	{"org.scala-lang", "scala-library scala-reflect scala-compiler"},
	{"org.clojure", "clojure"},
	{"xalan", "xalan serializer@2"},
	{"xerces", "xercesImpl"},
	{"taglibs", "standard@1.1"},
	{"javax.servlet", "servlet-api jstl"},
	{"com.sun.mail", "javax.mail"},
	{"org.codehaus.plexus", "plexus-utils plexus-archiver"},
	{"org.javassist", "javassist"},
	{"org.slf4j", "slf4j-*"},
	{"org.apache.xmlgraphics", "batik-* fop xmlgraphics-commons"},
	{"org.eclipse.jgit", "org.eclipse.jgit org.eclipse.jgit.*"},
	{"", "commons-beanutils commons-collections commons-fileupload commons-io commons-net commons-codec commons-lang " +
		"commons-logging commons-httpclient commons-digester commons-dbcp commons-pool commons-cli commons-validator commons-configuration"},
}
