using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>A document without errors or warnings, which tests break in one place, and the machine that it is
/// for.</summary>
internal static class TestDocument
{
    public const string Valid = """
        node:
          name: edge1
          interfaces:
            - name: eth0
              driver: native
          onExit: keep
          pinPath: /sys/fs/bpf/sidestep
        group: { hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f" }
        networkProfiles:
          - name: fast
            type: tcp-fast-path
            dsrType: l2
          - name: routed
            encapsulation: ipip
        pools:
          - name: web
            algorithm: consistent-hash
            hashFields: source-address
            slots: 1021
            servers:
              - name: web1
                address: 10.0.0.11
                weight: 5
                state: enabled
              - name: web2
                address: 10.0.0.12
        virtualServices:
          - name: www
            vip: 203.0.113.10
            protocol: tcp
            port: 80
            pool: web
            networkProfile: fast
            enabled: true
            trafficEnabled: true
          - name: api
            vip: 203.0.113.20
            protocol: udp
            port: 443
            pool: web
            networkProfile: routed

        """;

    public static HostInfo Host { get; } = new([
        new HostInterface("lo", [Address("127.0.0.1", 8), Address("::1", 128), Address("203.0.113.99", 32)]),
        new HostInterface("eth0", [Address("10.0.0.1", 24), Address("fe80::1", 64)])
        {
            Gateways = [IPAddress.Parse("10.0.0.254")],
        },
    ]);

    public static ConfigurationResult Read(string yaml) => ConfigurationReader.Read(yaml, Host);

    /// <summary>Reads the valid document with one part, which must occur once, replaced.</summary>
    public static ConfigurationResult ReadWith(string part, string replacement)
    {
        Assert.Equal(2, Valid.Split(part).Length);
        return Read(Valid.Replace(part, replacement, StringComparison.Ordinal));
    }

    /// <summary>Errors and then warnings, as the command line prints them after the name of the file.</summary>
    public static string[] Lines(ConfigurationResult result) =>
    [
        .. result.Errors.Select(e => e.Format("f", "error")[2..]),
        .. result.Warnings.Select(w => w.Format("f", "warning")[2..]),
    ];

    private static HostAddress Address(string address, int prefixLength) => new(IPAddress.Parse(address), prefixLength);
}
