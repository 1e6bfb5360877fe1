using System.Runtime.Versioning;
using Sidestep.Agent;

// Windows hosts get a script (render windows), which is written on Linux as well.
[assembly: SupportedOSPlatform("linux")]

return AgentCommands.Run(args, Console.Out, Console.Error);
