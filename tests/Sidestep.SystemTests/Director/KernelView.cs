using System.Text.Json;

namespace Sidestep.SystemTests.Director;

/// <summary>What the kernel says about XDP at an interface, asked with the system's tools.</summary>
internal static class KernelView
{
    // XDP_ATTACHED_* of linux/if_link.h
    private static readonly string[] Modes = ["none", "native", "generic", "offloaded", "multiple"];

    public static string XdpMode(NetworkNamespace place, string interfaceName) =>
        Lan.Link(place, interfaceName).TryGetProperty("xdp", out var xdp) ? Modes[xdp.GetProperty("mode").GetInt32()] : "none";

    /// <summary>Names of the XDP programs at an interface, as <c>bpftool net</c> lists them.</summary>
    public static IReadOnlyList<string> XdpPrograms(NetworkNamespace place, string interfaceName)
    {
        using var net = JsonDocument.Parse(place.Run("bpftool", "-j", "net", "show", "dev", interfaceName));
        return [.. net.RootElement[0].GetProperty("xdp").EnumerateArray().Select(static p => NameOf(p.GetProperty("id").GetInt32()))];
    }

    private static string NameOf(int id)
    {
        using var program = JsonDocument.Parse(Shell.Run("bpftool", "-j", "prog", "show", "id", $"{id}"));
        return program.RootElement.GetProperty("name").GetString()!;
    }
}
