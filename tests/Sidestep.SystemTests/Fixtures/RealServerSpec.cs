namespace Sidestep.SystemTests.Fixtures;

/// <summary>The spec of a real server in a file, and an agent that follows it.</summary>
internal static class RealServerSpec
{
    public static readonly TimeSpan ReportInterval = TimeSpan.FromMilliseconds(200);

    public static string PathIn(RealServer setup) => Path.Combine(setup.StateDirectory, "wanted.json");

    /// <summary>Starts an agent with revision 7, and waits until that is applied.</summary>
    public static AgentProcess Start(RealServer setup, string more = "")
    {
        Write(setup, Text(7, RealServer.Vip));
        return new AgentProcess(setup, $"--spec {PathIn(setup)} --interface eth0 {more}")
            .Until("spec revision 7 applied");
    }

    public static void Write(RealServer setup, string spec)
    {
        File.WriteAllText(PathIn(setup) + ".new", spec);
        File.Move(PathIn(setup) + ".new", PathIn(setup), overwrite: true);
    }

    public static string Text(int revision, string vip) => $$"""
        { "revision": {{revision}}, "directors": ["{{RealServer.Director}}"],
          "reportIntervalMilliseconds": {{ReportInterval.TotalMilliseconds}},
          "services": [ { "name": "dns", "vips": ["{{vip}}", "{{RealServer.Vip6}}"], "protocol": "udp",
                          "ports": ["53"], "dsr": "l3", "encapsulation": "ipip" } ] }
        """;
}
