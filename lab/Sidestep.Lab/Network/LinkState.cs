using System.Text.Json;
using Sidestep.Lab.Processes;
using Sidestep.Lab.Runs;
using Sidestep.Lab.Topologies;

namespace Sidestep.Lab.Network;

/// <summary>What the kernel says about an interface: asked of the kernel and not of Sidestep, because it is to judge Sidestep.</summary>
internal sealed record LinkState(string MacAddress, string XdpMode)
{
    public static async Task<LinkState> ReadAsync(RunFolder run, LinkEnd end, CancellationToken cancel)
    {
        var text = await Tool.RunAsync(
            ["ip", "-netns", run.Namespace(end.Node).Name, "-json", "link", "show", "dev", end.Interface], cancel);
        using var json = JsonDocument.Parse(text);
        var link = json.RootElement[0];
        return new LinkState(link.GetProperty("address").GetString()!, Mode(link));
    }

    // The numbers are XDP_ATTACHED_DRV, _SKB, _HW and _MULTI of linux/if_link.h.
    private static string Mode(JsonElement link)
        => !link.TryGetProperty("xdp", out var xdp) ? "none" : xdp.GetProperty("mode").GetInt32() switch
        {
            1 => "native",
            2 => "generic",
            3 => "offloaded",
            4 => "multiple",
            _ => "none",
        };
}
