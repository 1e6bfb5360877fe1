namespace Sidestep.Agent.Persistence;

/// <summary>The systemd unit of the agent.</summary>
internal static class AgentUnit
{
    public const string Path = "/etc/systemd/system/sidestep-agent.service";

    /// <summary>Renders the unit. Stopping it changes nothing on the host: only 'sidestep-agent remove' does.</summary>
    /// <param name="program">Path of sidestep-agent.</param>
    /// <param name="arguments">The arguments after <c>run</c>.</param>
    public static PlannedFile File(string program, string arguments) => new(Path, $"""
        {PersistencePlan.HeaderLine}
        [Unit]
        Description=Sidestep agent: maintains this host as a real server
        Documentation=man:sidestep-agent
        After=systemd-sysctl.service network-pre.target systemd-networkd.service
        After=NetworkManager.service networking.service
        Wants=network-pre.target
        Before=nginx.service haproxy.service

        [Service]
        Type=notify
        ExecStart={program} run {arguments}
        ExecReload=kill -HUP $MAINPID
        WatchdogSec=60
        Restart=always
        RestartSec=1
        KillSignal=SIGTERM
        StateDirectory=sidestep-agent
        AmbientCapabilities=CAP_NET_ADMIN CAP_SYS_ADMIN
        ProtectHome=yes
        ProtectSystem=full
        PrivateTmp=yes

        [Install]
        WantedBy=multi-user.target

        """);
}
