using System.Globalization;
using System.Text.Json;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Network;

/// <summary>The state of an interface, from the kernel and not from Sidestep, because the lab compares Sidestep with
/// it.</summary>
/// <param name="MacAddress">Its Ethernet address.</param>
/// <param name="Driver">The driver that receives its frames, as the configuration names it; none: no driver
/// does.</param>
internal sealed record LinkState(string MacAddress, string Driver)
{
    /// <summary>The engine that uses this driver.</summary>
    public string Engine => Driver switch
    {
        "none" => "none",
        "af-xdp" or "af-packet" => EngineOverride.Managed,
        _ => "xdp",
    };

    public static async Task<LinkState> ReadAsync(RunFolder run, LinkEnd end, CancellationToken cancel)
    {
        var text = await SystemCommand.RunAsync(
            ["ip", "-netns", run.Namespace(end.Node).Name, "-json", "link", "show", "dev", end.Interface], cancel);
        using var json = JsonDocument.Parse(text);
        var link = json.RootElement[0];
        var driver = Program(link) is { } program ? program
            : await HasPacketSocketAsync(run, end, link.GetProperty("ifindex").GetInt32(), cancel)
                ? "af-packet" : "none";
        return new LinkState(link.GetProperty("address").GetString()!, driver);
    }

    // The numbers are XDP_ATTACHED_DRV, _SKB, _HW and _MULTI of linux/if_link.h.
    private static string? Program(JsonElement link)
    {
        if (!link.TryGetProperty("xdp", out var xdp))
            return null;
        if (xdp.TryGetProperty("prog", out var program) && program.TryGetProperty("name", out var name)
            && name.GetString() == "to_sockets")
            return "af-xdp";
        return xdp.GetProperty("mode").GetInt32() switch
        {
            1 => "native",
            2 => "generic",
            3 => "offloaded",
            4 => "multiple",
            _ => null,
        };
    }

    // Columns of /proc/net/packet: address, references, type, protocol (3 is every one), interface, ...
    private static async Task<bool> HasPacketSocketAsync(RunFolder run, LinkEnd end, int index,
        CancellationToken cancel)
    {
        var sockets = await SystemCommand.RunAsync(run.Namespace(end.Node).Enter(["cat", "/proc/net/packet"]), cancel);
        return sockets.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Any(columns =>
                columns is [_, _, _, "0003", var at, ..] && at == index.ToString(CultureInfo.InvariantCulture));
    }
}
