using System.Globalization;
using System.Text;

namespace Sidestep.SystemTests.Fixtures;

/// <summary>The configuration file of a test.</summary>
internal sealed record DirectorConfiguration
{
    public required string Name { get; init; }

    public required string PinPath { get; init; }

    /// <summary>Name and driver of each interface.</summary>
    public IReadOnlyList<(string Name, string Mode)> Interfaces { get; init; } = [("eth0", "auto")];

    public string OnExit { get; init; } = "remove";

    /// <summary>Further lines of the section node.</summary>
    public IReadOnlyList<string> NodeLines { get; init; } = [];

    /// <summary>Further lines of the section group.</summary>
    public IReadOnlyList<string> GroupLines { get; init; } = [];

    /// <summary>Keys of the network profile of all services.</summary>
    public string ProfileLines { get; init; } = "dsrType: l2";

    /// <summary>Name of the pool of all services.</summary>
    public string PoolName { get; init; } = "pool";

    /// <summary>Keys of the pool. Most tests are about forwarding, also to servers that do not exist, so that the
    /// default has no health checks.</summary>
    public string PoolLines { get; init; } = "monitors: [], allowUnverifiedDsrPath: true";

    /// <summary>The section healthMonitors; empty: none.</summary>
    public IReadOnlyList<string> Monitors { get; init; } = [];

    public IReadOnlyList<PoolServer> Servers { get; init; } = [];

    public IReadOnlyList<UdpService> Services { get; init; } = [];

    public override string ToString()
    {
        var text = new StringBuilder();
        void Line(string line) => text.Append(line).Append('\n');

        Line("node:");
        Line($"  name: {Name}");
        Line($"  pinPath: {PinPath}");
        Line($"  onExit: {OnExit}");
        foreach (var line in NodeLines)
            Line($"  {line}");
        Line("  interfaces:");
        foreach (var (name, mode) in Interfaces)
            Line($"    - {{ name: {name}, driver: {mode} }}");
        Line("group:");
        Line("  hashKey: 6a09e667f3bcc908bb67ae8584caa73b");
        foreach (var line in GroupLines)
            Line($"  {line}");
        Line("networkProfiles:");
        Line($"  - {{ name: profile, {ProfileLines} }}");
        if (Monitors.Count > 0)
            Line("healthMonitors:");
        foreach (var monitor in Monitors)
            Line($"  - {{ {monitor} }}");
        Line("pools:");
        Line($"  - name: {PoolName}");
        foreach (var line in PoolLines.Split(", ", StringSplitOptions.RemoveEmptyEntries))
            Line($"    {line}");
        Line(Servers.Count == 0 ? "    servers: []" : "    servers:");
        foreach (var server in Servers)
            Line(string.Create(CultureInfo.InvariantCulture,
                $"      - {{ name: {server.Name}, address: {server.Address}, weight: {server.Weight}, state: "
                    + $"{(server.Draining ? "draining" : server.Enabled ? "enabled" : "disabled")} }}"));
        Line(Services.Count == 0 ? "virtualServices: []" : "virtualServices:");
        foreach (var service in Services)
            Line(string.Create(CultureInfo.InvariantCulture,
                $"  - {{ name: {service.Name}, vip: {service.Vip}, protocol: {service.Protocol}, port: "
                    + $"{service.Port}, pool: "
                    + $"{PoolName}, networkProfile: profile, trafficEnabled: "
                    + $"{(service.TrafficEnabled ? "true" : "false")}"
                    + $"{(service.Lines.Length > 0 ? ", " : "")}{service.Lines} }}"));
        return text.ToString();
    }
}

internal sealed record PoolServer(string Name, string Address, int Weight = 1, bool Enabled = true, bool Draining =
    false);

/// <summary>A service. The servers of the tests answer UDP.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Vip">Its VIP.</param>
/// <param name="Port">Its port.</param>
/// <param name="TrafficEnabled">Whether it attracts traffic.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Lines">Further keys.</param>
internal sealed record UdpService(
    string Name, string Vip, int Port, bool TrafficEnabled = true, string Protocol = "udp", string Lines = "");
