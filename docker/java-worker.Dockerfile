# Built from the root of the project: docker build -f docker/java-worker.Dockerfile .
FROM eclipse-temurin:17-jdk AS build
WORKDIR /src
COPY . .
RUN ./mvnw -q -Dmaven.test.skip=true -DskipChecks=true -pl cli -am package

FROM eclipse-temurin:17-jre
RUN groupadd --system --gid 10001 stalk \
 && useradd --system --uid 10001 --gid stalk --home-dir /opt/stalk --no-create-home --shell /usr/sbin/nologin stalk
WORKDIR /opt/stalk
# the libraries change less often than the program: a layer of their own
COPY --from=build /src/cli/target/lib/ /opt/stalk/lib/
COPY --from=build /src/cli/target/stalk.jar /opt/stalk/stalk.jar
COPY samples/worker.yaml /etc/stalk/worker.yaml
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["java", "-jar", "/opt/stalk/stalk.jar"]
CMD ["worker", "--config", "/etc/stalk/worker.yaml"]
