using System.Globalization;
using System.Net;

namespace Sidestep.Control.Health;

/// <summary>Checks as text, for reports and for the file of the next daemon.</summary>
internal static class CheckText
{
    /// <summary>A failing check with its error, for operators.</summary>
    internal static string Describe(CheckState state) =>
        $"{state.Check.Key.Monitor}, {TargetOf(state.Check.Key)}"
            + $"{(state.Check.Key.ThroughDsrPath ? "" : " at the server's own address")}: {state.Error}";

    /// <summary>Address and port, or the address alone where there are no ports.</summary>
    internal static string TargetOf(CheckKey key) => TargetOf(key.Target, key.Port);

    /// <summary>The name of a check in the file of the next daemon.</summary>
    internal static string NameOf(CheckKey key) => NameOf(key.Monitor, key.Target, key.Port, key.ThroughDsrPath);

    /// <summary>The name of a check that may not exist yet, for the same file.</summary>
    internal static string NameOf(string monitor, IPAddress target, int port, bool throughDsrPath) =>
        $"{monitor}, {TargetOf(target, port)}{(throughDsrPath ? "" : ", server")}";

    private static string TargetOf(IPAddress target, int port) => port == 0 ? target.ToString()
        : string.Create(CultureInfo.InvariantCulture, $"{target} {port}");
}
