using System.Runtime.Versioning;
using Sidestep.Agent;
using Sidestep.Agent.Host;

// A Windows host gets a script instead (render windows). The script is rendered on Linux.
[assembly: SupportedOSPlatform("linux")]

return AgentCommands.Run(args, new LinuxPlatform(), Console.Out, Console.Error);
