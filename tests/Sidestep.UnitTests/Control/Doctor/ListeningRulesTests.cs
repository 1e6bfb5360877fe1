using System.Net;
using Sidestep.Api;
using Sidestep.Control.Doctor;
using Sidestep.Model;
using static Sidestep.UnitTests.Control.Doctor.HealthyEvidence;
using static Sidestep.UnitTests.Control.Doctor.RuleTests;

namespace Sidestep.UnitTests.Control.Doctor;

public sealed class ListeningRulesTests
{
    [Theory]
    [InlineData("0.0.0.0", "203.0.113.10", true)]
    [InlineData("::", "203.0.113.10", true)]
    [InlineData("::", "2001:db8:113::10", true)]
    [InlineData("0.0.0.0", "2001:db8:113::10", false)]
    [InlineData("203.0.113.10", "203.0.113.10", true)]
    [InlineData("10.0.0.11", "203.0.113.10", false)]
    public void Socket_serves_a_VIP_when_its_address_covers_it(string listens, string vip, bool covers)
    {
        var found = DiagnosisRules.Diagnose(Listening(vip, new Listener("tcp", IPAddress.Parse(listens), 80, "nginx")));
        Assert.Equal(covers ? [] : [DiagnosisNames.ListeningOnServerAddressOnly], found.Select(static d => d.Name));
    }

    [Fact]
    public void Socket_on_the_wrong_address_is_diagnosed_with_all_sockets_of_the_port()
    {
        var found = Only(
            Listening("203.0.113.10", new("tcp", IPAddress.Parse("10.0.0.11"), 80, "nginx"),
                new("tcp", IPAddress.Loopback, 80)),
            DiagnosisNames.ListeningOnServerAddressOnly);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal(
            [
                "agent: nginx listens on 10.0.0.11:80 (tcp); a program listens on 127.0.0.1:80 (tcp)",
                "director: probe through the DSR path to 203.0.113.10 tcp/80: answered",
            ], found.Evidence);
        Assert.Equal("Let it listen on 203.0.113.10:80, or on all addresses", found.Remedy);
    }

    [Fact]
    public void Socket_of_the_other_protocol_does_not_count()
    {
        var found =
            Only(Listening("203.0.113.10", new Listener("udp", IPAddress.Any, 80, "nginx")),
                DiagnosisNames.NotListening);
        Assert.Equal("Nothing on near1 listens on 203.0.113.10 tcp/80.", found.Summary);
        Assert.Equal("agent: nothing listens on tcp port 80", found.Evidence[0]);
    }

    [Fact]
    public void Program_of_the_other_servers_on_another_port_is_a_port_mismatch()
    {
        var found = Only(
            Listening("203.0.113.10", new("tcp", IPAddress.Any, 22, "sshd"), new("tcp", IPAddress.Any, 8080, "nginx")),
                DiagnosisNames.PortMismatch);
        Assert.Equal((Severity.Broken, "near1"), (found.Severity, found.Server));
        Assert.Equal(
            "The application of near1 listens on port 8080; the service is on 80, and direct server return changes no "
                + "port.", found.Summary);
        Assert.Equal("agent: nginx listens on 0.0.0.0:8080 (tcp)", found.Evidence[0]);
        Assert.Equal("Let the application listen on 80, or give the service the port 8080", found.Remedy);
    }

    [Theory]
    [InlineData(8080, "apache", "0.0.0.0")] // another program
    [InlineData(22, "nginx", "0.0.0.0")] // a port that the others use, too
    [InlineData(8080, "nginx", "10.0.0.11")] // not on the VIP
    public void Unrelated_socket_is_no_port_mismatch(int port, string program, string address) => Assert.Equal(
        [DiagnosisNames.NotListening],
            Names(Listening("203.0.113.10", new Listener("tcp", IPAddress.Parse(address), port, program))));

    [Fact]
    public void Port_of_another_service_on_the_VIP_is_no_port_mismatch()
    {
        var evidence = Listening("203.0.113.10", new Listener("tcp", Layer2Vip, 81, "nginx"));
        Assert.Equal([DiagnosisNames.PortMismatch], Names(evidence));
        Assert.Equal([DiagnosisNames.NotListening], Names(evidence.With("near1", static s => s with
        {
            Services = [s.Services[0], s.Services[0] with { Name = "admin", Port = 81 }],
        })));
    }

    [Fact]
    public void Nothing_is_compared_when_no_other_server_listens_on_the_port_of_the_service()
    {
        var evidence = Listening("203.0.113.10", new Listener("tcp", IPAddress.Any, 8080, "nginx"));
        Assert.Equal([DiagnosisNames.NotListening],
            Names(evidence with { Servers = [.. evidence.Servers.Where(static s => s.Name != "near2")] }));
    }

    [Fact]
    public void Services_without_a_port_are_not_checked() => Assert.Empty(Names(Evidence().With("near1", static s => s
        .WithServices(static v => v with { Port = 0 })
        .WithReport(static r => r with { Listeners = [new Listener("tcp", IPAddress.Any, 22)] }))));

    [Fact]
    public void Without_an_agent_a_refused_probe_shows_where_the_application_listens()
    {
        static Evidence Probed(ProbeReply path, ProbeReply? direct) => Evidence()
            .With("near1", s => s.WithoutAgent() with
            {
                Services = [s.Services[0] with
            {
                DsrPathProbe = new ProbeEvidence(path, Detail: "reset"), DirectProbe = direct is { } d
                    ? new ProbeEvidence(d) : null,
            }],
            });
        var found = Only(Probed(ProbeReply.Refused, ProbeReply.Answered), DiagnosisNames.ListeningOnServerAddressOnly);
        Assert.Equal(
            [
                "director: probe through the DSR path to 203.0.113.10 tcp/80: refused (reset)",
                    "director: 10.0.0.11 answers on port 80",
            ], found.Evidence);
        Assert.Equal(
            ["director: probe through the DSR path to 203.0.113.10 tcp/80: refused (reset)"],
            Only(Probed(ProbeReply.Refused, null), DiagnosisNames.NotListening).Evidence);
        Assert.Equal([DiagnosisNames.DsrPathDown], Names(Probed(ProbeReply.NoReply, ProbeReply.Answered)));
    }

    [Theory]
    [InlineData(TransportProtocol.Udp, 53, "203.0.113.10 udp/53")]
    [InlineData(TransportProtocol.Any, 0, "203.0.113.10")]
    public void Place_of_a_service_is_VIP_protocol_and_port(TransportProtocol protocol, int port, string expected) =>
        Assert.Equal(expected, (Evidence().Servers[0].Services[0] with { Protocol = protocol, Port = port }).Where);

    /// <summary>near1 serves one VIP only, and has these sockets.</summary>
    private static Evidence Listening(string vip, params Listener[] listeners) => Evidence()
        .With("near1", s => s.WithReport(r => r with
        {
            Listeners = [.. listeners],
        }) with
        {
            Services = [s.Services.Single(v => v.Vip.ToString() == vip)],
        });
}
