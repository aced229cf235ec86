package doctor

import "strings"

// text is one sentence in both languages. {Name} stands for a value.
type text struct{ en, zh string }

func (t text) in(lang string, values map[string]string) string {
	s := t.en
	if strings.HasPrefix(lang, "zh") {
		s = t.zh
	}
	for name, value := range values {
		s = strings.ReplaceAll(s, "{"+name+"}", value)
	}
	return s
}

// Title names what was looked at, in the language of a tag such as "en" or "zh-Hans".
func (f Finding) Title(lang string) string { return titles()[f.ID].in(lang, nil) }

// Message says what was found and, where something is wrong, what cannot work
// without it, in the language of a tag such as "en" or "zh-Hans".
func (f Finding) Message(lang string) string {
	return messages()[f.ID+"."+f.Code].in(lang, f.Values)
}

func titles() map[string]text {
	return map[string]text{
		"onnxruntime": {"ONNX Runtime", "ONNX Runtime"},
		"opencv":      {"OpenCV", "OpenCV"},
		"devices":     {"Devices", "计算设备"},
		"cascades":    {"Face cascades", "人脸级联文件"},
		"camera":      {"Camera", "摄像头"},
		"display":     {"Display", "显示"},
		"opengl":      {"OpenGL", "OpenGL"},
		"input":       {"Chinese input", "中文输入"},
		"font":        {"Chinese font", "中文字体"},
		"ffmpeg":      {"ffmpeg", "ffmpeg"},
		"data":        {"Data folder", "数据文件夹"},
		"disk":        {"Disk", "磁盘"},
		"memory":      {"Memory", "内存"},
		"threads":     {"Processor", "处理器"},
	}
}

func messages() map[string]text {
	return map[string]text{
		"onnxruntime.found":   {"{Version} for {Architecture}, {Path}", "{Version}，{Architecture}，{Path}"},
		"onnxruntime.missing": {"not found: nothing can be trained or used without it ({Error})", "未找到：没有它无法训练和使用模型（{Error}）"},
		"onnxruntime.wrong":   {"cannot be used: {Error}", "无法使用：{Error}"},
		"onnxruntime.unknown": {"not looked at", "未检查"},
		"devices.found":       {"{List}", "{List}"},
		"devices.failed":      {"{List}; cannot be used: {Failed}", "{List}；无法使用：{Failed}"},
		"devices.unknown":     {"not looked at", "未检查"},
		"opencv.found":        {"{Version}", "{Version}"},
		"opencv.unlinked":     {"not part of this program: no cameras, no video, no face cascades", "此程序未包含：摄像头、视频和人脸级联不可用"},
		"opencv.unknown":      {"cannot be told on this system", "此系统上无法检测"},
		"cascades.found":      {"{Path}", "{Path}"},
		"cascades.missing":    {"missing: the Haar and LBP face detectors cannot be chosen", "缺失：无法选择 Haar 与 LBP 人脸检测器"},
		"camera.found":        {"{Devices}", "{Devices}"},
		"camera.none":         {"none connected; pictures, videos and streams work all the same", "未连接；图片、视频和网络流仍可使用"},
		"camera.closed":       {"{Devices}: not allowed to open; join the group and sign in again", "{Devices}：无权打开；加入用户组后请重新登录"},
		"display.x11":         {"X11 {Display}", "X11 {Display}"},
		"display.wayland":     {"Wayland {Display}", "Wayland {Display}"},
		"display.none":        {"none: the window cannot open here; all commands work", "无：此处无法打开窗口；所有命令仍可使用"},
		"opengl.card":         {"graphics card {Device}", "显卡 {Device}"},
		"opengl.software":     {"in software: no graphics card, the window draws on the processor", "软件渲染：没有显卡，窗口由处理器绘制"},
		"opengl.closed":       {"a graphics card is there, but may not be used; join the groups and sign in again", "有显卡但无权使用；加入用户组后请重新登录"},
		"opengl.missing":      {"no driver found: the window cannot open", "未找到驱动：窗口无法打开"},
		"input.found":         {"{Method}", "{Method}"},
		"input.missing":       {"no input method is set (XMODIFIERS is empty): Chinese can be shown and pasted, not typed", "未设置输入法（XMODIFIERS 为空）：可以显示和粘贴中文，但不能键入"},
		"input.wayland":       {"Wayland alone passes no input method to the window: start it under X11 (XWayland)", "仅有 Wayland 时输入法无法到达窗口：请在 X11（XWayland）下启动"},
		"input.none":          {"not needed without a display", "没有显示时不需要"},
		"font.found":          {"{Font}", "{Font}"},
		"font.missing":        {"none found: Chinese shows as empty boxes", "未找到：中文会显示为空框"},
		"ffmpeg.found":        {"{Path}", "{Path}"},
		"ffmpeg.missing":      {"not installed: only needed to keep the sound of anonymised videos", "未安装：仅在为匿名化视频保留声音时需要"},
		"data.writable":       {"{Path} can be written", "{Path} 可写"},
		"data.closed":         {"{Path} cannot be written: no run can be kept ({Error})", "{Path} 不可写：无法保存训练（{Error}）"},
		"data.odd":            {"{Path} can be written, but a test file could not be removed ({Error})", "{Path} 可写，但测试文件无法删除（{Error}）"},
		"disk.free":           {"{Free} free at {Path}", "{Path} 剩余 {Free}"},
		"disk.low":            {"only {Free} free at {Path}: remove old runs and checkpoints", "{Path} 仅剩 {Free}：请删除旧的训练和检查点"},
		"disk.unknown":        {"cannot be told for this folder", "无法检测此文件夹"},
		"memory.free":         {"{Free} free of {Total}", "共 {Total}，可用 {Free}"},
		"memory.low":          {"only {Free} free of {Total}: close other programs before a large training", "共 {Total}，仅剩 {Free}：大型训练前请关闭其他程序"},
		"memory.unknown":      {"cannot be told on this system", "此系统上无法检测"},
		"threads.found":       {"{Usable} of {Cores} cores may be used", "共 {Cores} 核，可用 {Usable} 核"},
		"threads.one":         {"{Usable} of {Cores} cores may be used: the window shares it with training", "共 {Cores} 核，可用 {Usable} 核：窗口与训练共用"},
	}
}
